// Package rewrite changes recorded requests before they are sent again, for each
// side: what the rule file says, credentials of today, and dates.
//
//	version: 1
//	rewrite:
//	  - set-header: {name: X-Tenant, value: test}   # replaced in its place, or added
//	    side: branch                                # optional; or a list
//	    operation: POST /orders/{id}                # optional; or a list
//	    reason: the branch has no tenants           # optional
//	  - remove-header: X-Debug
//	  - header: {name: Accept, match: v1, replace: v2}
//	  - host: {set: staging.internal}               # or match and replace
//	  - path: {match: ^/v1/(.*)$, replace: /v2/$1}
//	  - query: {name: env, set: test}               # or remove: true, rename: NAME, match and replace
//	  - body: $.customer.id
//	    set: 17                                     # or remove: true, or match and replace
//	  - form: {name: csrf, set: x}                  # as query
//	auth:
//	  - bearer: {token: "${BRANCH_TOKEN}"}          # or token-file: FILE
//	    side: branch
//	  - command: {run: [gcloud, auth, print-access-token], refresh: 30m}
//	  - oauth2: {token-url: "https://…", client-id: ci, client-secret: "${SECRET}", scopes: [a], audience: b}
//	  - jwt: {algorithm: RS256, key-file: key.pem, key-id: k1, claims: keep, expires: 10m}
//	dates:
//	  shift: now                                    # or a duration, or off
//	  places: [header, query, body, form, jwt]      # all where it is left out
//	  formats: [rfc3339, epoch-s, epoch-ms, http-date]
//
// An entry is for a request if its side and its operation are. What is said of
// base holds for control too. An operation is a method and a path, in which "*"
// stands for any text and "{id}" for one segment; it is compared with what was
// recorded. Expressions are RE2.
//
// # Rewrite
//
// All entries for a request are applied, in their order, and those for a JSON body
// together after the others, in one pass. A body keeps every byte but those of the
// values; a path (RFC 9535) selects in the body as it came, adds no member, and of
// a repeated member selects every one. To set a field, a pair or a form field
// keeps its place, drops others of the name, and adds one where there is none. A
// body in a content coding is sent without, if it was changed. A digest or a
// signature of a changed body is not made anew.
//
// In set-header, ${NAME} stands for a variable of the environment.
//
// # Auth
//
// The first entry of a field for a request sets it, Authorization with the prefix
// "Bearer " where header and prefix say nothing else; with missing: leave only
// where one was recorded. Tokens are fetched by [Rules.Prepare], and anew before
// they expire. After an answer 401 that was not recorded so, a token of at least
// 10 seconds is fetched anew, and a request with an idempotent method sent once
// more. With claims: keep, the recorded token's claims are signed, their times
// moved to now; else the given claims, with exp and iat.
//
// No token, secret or output of a command is in an error, in a [Report], or in the
// request that an answer holds.
//
// # Dates
//
// The times of a request move by the same duration, for all sides: from when it
// was recorded to when it is sent, in whole units of each value's last digit. A
// value is moved if all of it is a date and time of RFC 3339 (its offset may be
// missing), a date, which moves by whole days, or an IMF-fixdate of HTTP; or if it
// is an integer whose name is one of a time, such as exp, updated_at, validTo or
// expiresIn, and which read as seconds or milliseconds lies within ten years of
// the recording. An identifier or an amount with such a name and in that range
// would be moved as well; formats leaves integers alone. A birthday is a date and
// is moved: places and a rule that sets it help. Dates are moved before the
// entries of rewrite are applied.
package rewrite
