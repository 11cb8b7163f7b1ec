// Package verify asks a live provider what Pact files expect of it.
//
// Before an interaction its provider states are set up, by requests or by a command;
// what they give fills its generators. Then its request is sent as it stands, or its
// message is asked for, and the answer is held against what is expected. At the end
// the states are torn down. What could not be asked since the environment failed is
// counted apart from what the provider got wrong.
//
// # State changes by HTTP
//
// Each state is posted to a URL as Pact's verifiers do
// (https://docs.pact.io/getting_started/provider_states):
//
//	{"consumer":"shop","state":"product 7 exists","params":{"id":7},"action":"setup"}
//
// and with the action "teardown" afterwards. An answer of 2xx with a JSON object gives
// values for generators of the type ProviderState; any other body of 2xx gives none.
//
// # Messages by HTTP
//
// A message is asked for by posting its description and its states:
//
//	{"description":"a product is new","providerStates":[{"name":"…","params":{}}]}
//
// with "request":{"contents":…,"metadata":{}} for one that answers a message. The
// body of the answer is the message; its metadata is in Pact-Message-Metadata, an
// object of JSON in base64.
//
// # By a command
//
// A command is started once, by the system's shell, and is spoken to in lines of JSON,
// one after the other:
//
//	{"event":"setup","id":1,"consumer":"shop","state":"product 7 exists","params":{"id":7}}
//	{"id":1,"values":{"id":17}}
//	{"event":"teardown","id":2,"consumer":"shop","state":"product 7 exists","params":{"id":7}}
//	{"id":2}
//	{"event":"message","id":3,"consumer":"shop","description":"a product is new","states":[{"name":"product 7 exists"}]}
//	{"id":3,"body":{"id":17},"content_type":"application/json","metadata":{"topic":"products"}}
//
// A message that is no JSON has "text" or "body_base64" in the place of "body". An
// answer {"id":1,"error":"no database"} says that the command failed. Each answer
// must come within the timeout; a line that is no answer, or is longer than 16 MiB,
// ends the command. The end of its input tells it to end.
package verify
