package redact

// What is secret by name unless a file of rules says "defaults: false". A "*"
// stands for any characters; case and punctuation do not matter.
var (
	defaultHeaders = []string{
		"*Authorization", "*api-key*", "*token*", "*secret*", "*password*",
		"X-Auth-*", "X-Session-Id", "X-Amz-Signature", "X-Hub-Signature*", "*access-key*", "X-Forwarded-Client-Cert",
	}
	defaultParameters = []string{
		"*token", "*api_key", "key", "*password*", "*passwd*", "*passphrase", "pwd", "pass", "*secret*", "code", "sig", "*signature",
		"auth", "authorization", "code_verifier", "assertion", "client_assertion", "SAMLResponse", "SAMLRequest", "*private_key",
		"session", "session_id", "sid", "jsessionid", "phpsessid", "jwt", "otp", "pin", "cvv", "cvc", "card_number", "ssn", "iban", "X-Amz-Credential",
		"AWSAccessKeyId", "*access_key", "*csrf", "*xsrf", "csrf_value", "csrf_test_name",
	}
	defaultMembers = []string{
		"*password*", "*passwd*", "*passphrase", "pwd", "*secret*", "*token", "*token_value", "authorization", "*api_key", "*private_key",
		"*access_key", "pin", "pin_code", "otp", "cvv", "cvv2", "cvc", "card_number", "pan", "ssn", "social_security_number", "iban",
		"jwt", "session_id", "signature", "credential", "credentials", "cookie", "set_cookie",
		"*csrf", "*xsrf",
	}
	// keptHeaders are named like secrets and are none.
	keptHeaders = []string{"Sec-WebSocket-Key", "Sec-WebSocket-Accept"}
)
