// Package hooks lets a command of the user take part in a run: it gives data of the
// provider to cases, leaves cases out, and checks answers for what no document says.
//
// The command is started once, by the system's shell, and is spoken to in lines of
// JSON: an event a line on its standard input, an answer a line on its standard
// output. What it writes to standard error is for people. At first it is told of the
// run, and says which events it wants; others are not sent:
//
//	{"event":"start","id":0,"version":1,"document":{"path":"shop.yaml","openapi":"3.0.3",…},"provider":"http://127.0.0.1:8080"}
//	{"id":0,"version":1,"events":["before","after"]}
//
// Before a case is asked it may be left out, or get header fields and values; an
// answer with the id alone changes nothing:
//
//	{"event":"before","id":1,"case":{"id":"get-products-id/ordinary","operation":"GET /products/{id}","kind":"positive",
//	  "rule":"ordinary","why":"…","steps":[{"name":"ask","operation":"GET /products/{id}","request":{"path":{"id":5}}}]}}
//	{"id":1,"skip":"products are being imported"}
//	{"id":1,"header":{"X-Tenant":"test"},"values":{"path id":17,"query limit":5,"body /name":"pen"}}
//
// The places of values are those of cases: path, query, header, cookie and a name;
// body and a JSON pointer (RFC 6901); target. This is how a provider's state is given:
// the command makes what the case's operation needs, by whatever means it has, and
// answers with its id as the value of "path id".
//
// After a case it may say what is broken:
//
//	{"event":"after","id":2,"case":{…},"answers":[{"step":0,"page":0,"method":"GET","target":"/products/17","request":{…},
//	  "status":200,"header":{"content-type":["application/json"]},"body":"{\"id\":17}","latency_ms":1.5}]}
//	{"id":2,"broken":[{"check":"price-is-positive","step":0,"at":"body /price","message":"The price is -1.","cause":"negative"}]}
//
// Only message is required. The check is a name of the user's own, of small letters,
// digits and hyphens, and is reported as hook:price-is-positive, so that it is never
// taken for a check of the document; without a name it is hook:check. The step is an
// index or a name, 0 where it is left out. The cause tells one defect from another and
// must hold no value of one answer; without it the place does. A body that is no text is
// body_base64 instead; one longer than 1 MiB is cut, and says so in "cut". A request
// without an answer has "fault" and "error".
//
// An answer {"id":3,"error":"no database"} says that the command failed: the case is
// counted as not run. A case that has found something is asked again, and made smaller
// while it does; the command hears of it each time. At the end the command gets {"event":"end"}, the end of its
// input, and 5 seconds. Answers may come in any order, each within 10 seconds of the
// event or of the answer before. Many cases are under way at the same time; a command
// that answers one after the other slows the run down to its own pace. A line that is
// no answer, or that is longer than 16 MiB, ends the command, and a command that has
// ended gives each case an error.
//
// In Python:
//
//	import json, sys
//	for line in sys.stdin:
//	    event = json.loads(line)
//	    answer = {"id": event.get("id")}
//	    if event["event"] == "start":
//	        answer |= {"version": 1, "events": ["before", "after"]}
//	    elif event["event"] == "before" and event["case"]["operation"] == "GET /products/{id}":
//	        answer["values"] = {"path id": 17}
//	    elif event["event"] == "after":
//	        answer["broken"] = [
//	            {"check": "no-debug", "step": a["step"], "at": "header X-Debug", "message": "X-Debug is sent."}
//	            for a in event["answers"] if "x-debug" in a.get("header", {})]
//	    elif event["event"] == "end":
//	        break
//	    print(json.dumps(answer), flush=True)
//
// In a shell, with one header field for all:
//
//	read -r start
//	echo '{"id":0,"version":1,"events":["before"]}'
//	while read -r event; do
//	    id=${event#*'"id":'}; id=${id%%[,\}]*}
//	    case $event in
//	    '{"event":"before"'*) echo '{"id":'"$id"',"header":{"X-Tenant":"test"}}' ;;
//	    esac
//	done
package hooks
