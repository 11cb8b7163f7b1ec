// Package notify tells people of verdicts, overrides and stops: in Slack, Feishu,
// DingTalk and WeCom, and through webhooks of any kind.
//
//	version: 1
//	to:
//	  - name: releases                # for the log and the account
//	    kind: slack                   # slack, feishu, dingtalk, wecom or webhook
//	    url: "${SLACK_URL}"           # or url_file: PATH
//	    services: [catalog, "cart-*"] # for these alone; * is any text
//	    decisions: [hold, rollback]   # of verdicts, these alone
//	    events: [verdict, override, stop]
//	  - {name: shop, kind: feishu, url_file: /run/secrets/feishu, secret: "${FEISHU_SECRET}"}
//	  - name: audit
//	    kind: webhook
//	    url: https://audit.example/notifications
//	    secret_file: /run/secrets/audit
//	    headers: {Authorization: "Bearer ${AUDIT_TOKEN}"}
//
// The URL of a chat is its password, and so it and every other secret is taken from a
// variable of the environment or from a file, never from this one. Paths are relative
// to the file. URLs begin with https, those of this machine may begin with http.
//
// # Delivery
//
// Telling never blocks: each destination has a bounded queue and one sender, which
// keeps to the rate that the service allows. What cannot be had now is tried again, for
// half an hour; what is lost is counted in [Notifier.Account] and told in the next
// message that gets through. The same decision for the same image within a minute is
// one message, which says how often it was given. A message may arrive twice, where an
// answer was lost on its way; a webhook tells them apart by X-Twinspect-Delivery.
//
// # Webhook
//
// A webhook gets a POST of JSON: schema [Schema], version, id, event, at, count, and
// one of verdict, override and stop as they are elsewhere in the project. With a secret
// there are X-Twinspect-Timestamp, in seconds since 1970, and X-Twinspect-Signature,
// "v1=" and the HMAC-SHA256 of timestamp, "." and body in hexadecimal. Answers from 200
// to 299 say that it was received.
//
// # Untrusted texts
//
// Names, reasons and whatever else a message quotes come from pipelines and services.
// They cannot mention people, break the markup or forge links: each form escapes them,
// and where a service documents no escapes, as DingTalk and WeCom, characters that mean
// something are written in their full width.
package notify
