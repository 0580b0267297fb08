"""Audit events, in the shapes of a recorded log, whose hidden places hold marks: what must never leave hark; and what finds a mark in bytes."""

import base64
import copy
import gzip
import json
import os
import pathlib
import re
import subprocess
import urllib.parse

from daemon_support import recorded_lines

# Neither is a word of anything else. The bytes are letters and digits: no encoding but base64 and hex changes them.
HIDDEN = "qK7xCaNaRyW3"
CONFIGURED = "qK7xSeCrEtW3"  # secrets of hark's own configuration
SHOWN = "qK7xSeEnMeW3"  # the control: what hark shows

HELM = "kubectl.kubernetes.io/last-applied-configuration"
PATCH = "patch.webhook.admission.k8s.io/round_0_index_0"
REFUSED = "validation.policy.admission.k8s.io/validation_failure"

# Every one of them gets a rule that matches whatever stands there, so that each is asked for, judged and shown.
FIELDS = [
    "requestObject", "requestObject.data.password", "requestObject.stringData.password", f"requestObject.metadata.annotations.{HELM}",
    "requestObject.spec.token", "requestObject.spec.containers.env.value", "requestObject.spec.containers.command", "requestObject.spec.containers.args",
    "requestObject.spec.template.spec.containers.env.value", "requestObject.command", "requestObject.value", "requestObject.binaryData.blob",
    "responseObject", "responseObject.data.password", "responseObject.items.data.password", "responseObject.status.token", "responseObject.message",
    "responseStatus.message", "responseStatus.details.causes.message", "responseStatus.details.name", "responseStatus.metadata.continue", "responseStatus",
    f"annotations.{PATCH}", f"annotations.{REFUSED}", "annotations.policy.example.com/note", "annotations",
    "request.body", "extra.token", "requestobject.data.password",
    "requestURI", "uri.path", "exec.command", "uri.query.command", "uri.query.token", "uri.query.continue", "uri.query.limit", "uri.query.labelSelector",
    "hostPath", "capabilities", "privileged",
]


class Marks:
    """Hands out marks, and says of each where it was put."""

    def __init__(self, stem=HIDDEN):
        self.stem = stem
        self.places = []

    def new(self, place):
        self.places.append(place)
        return f"{self.stem}{len(self.places) - 1:05d}z"

    def in_base64(self, place):
        return base64.b64encode(b"user:" + self.new(place).encode() + b"\n").decode()

    def awkward(self, place):
        """With what JSON, URIs and shells escape around it."""
        return f"\"'<\\/&=+ \u00e9;\n{self.new(place)}\t%41\u2028\0"


def needles(stem):
    """All that a stem may look like: itself in any case, in hex, in base64 at each of its three places."""
    raw = stem.encode()
    found = [raw.lower(), raw.hex().encode()]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        found.append(encoded[first:last].lower())
    return found


def unpacked(data):
    """The bytes, and what they are once decompressed and unescaped."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        yield subprocess.run(["zstd", "-q", "-d", "-c"], input=data, check=True, capture_output=True).stdout
    if b"%" in data:
        yield urllib.parse.unquote_to_bytes(data)
    if b"\\u00" in data:
        yield re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda match: bytes.fromhex(match[1].decode()), data)


def find_stems(data, stems):
    """What stands around each of the stems that is found in the bytes, by stem."""
    hits = {}
    for text in unpacked(data):
        lower = text.lower()
        for stem in stems:
            for at in map(lower.find, needles(stem)):
                if at >= 0:
                    hits.setdefault(stem, []).append(text[max(at - 60, 0):at + 60])
    return hits


def find_stem(data, stem):
    return find_stems(data, [stem]).get(stem, [])


class Recorded:
    """Events of recorded logs: the shapes of an API server."""

    def __init__(self):
        self.lines = recorded_lines()
        newer = pathlib.Path(os.environ.get("HARK_DATA", "/nonexistent")) / "kube-1.37.2/audit-typical.jsonl.zst"
        if newer.exists():
            self.lines += subprocess.run(["zstd", "-q", "-d", "-c", newer], check=True, capture_output=True).stdout.splitlines()

    def like(self, resource, verb, subresource=None):
        """A copy of each recorded shape of such a request: the first of every API server, code and stage."""
        shapes = {}
        for event in (json.loads(line) for line in self.lines if f'"resource":"{resource}"'.encode() in line and f'"verb":"{verb}"'.encode() in line):
            ref = event.get("objectRef", {})
            if (ref.get("resource"), ref.get("subresource"), event["verb"]) == (resource, subresource, verb):
                key = (len(event.get("user", {})), event.get("responseStatus", {}).get("code"), event["stage"])
                shapes.setdefault(key, event)
        if not shapes:
            raise AssertionError(f"no recorded {verb} of {resource}/{subresource}")
        return [copy.deepcopy(event) for event in shapes.values()]


class Planter:
    """Makes the events. Each is a request of its own, by a user whose name is shown."""

    def __init__(self, marks):
        self.marks = marks
        self.recorded = Recorded()
        self.events = []

    def add(self, event, level="RequestResponse"):
        number = len(self.events)
        event["auditID"] = f"00000000-0000-4000-8000-{number:012d}"
        event["level"] = level
        event.setdefault("user", {})["username"] = SHOWN
        event.pop("impersonatedUser", None)
        moment = f"2026-11-23T19:{number // 60 % 60:02d}:{number % 60:02d}.{number:06d}Z"
        event["requestReceivedTimestamp"] = event["stageTimestamp"] = moment
        self.events.append(event)
        return event

    def body(self, name, place):
        """A Secret as clients send it."""
        marks = self.marks
        last_applied = json.dumps({"kind": "Secret", "stringData": {"password": marks.awkward(f"{place} last-applied")}})
        return {"kind": "Secret", "apiVersion": "v1",
                "metadata": {"name": name, "annotations": {HELM: last_applied, "note": marks.new(f"{place} annotation")}, "labels": {"l": marks.new(f"{place} label")}},
                "data": {"password": marks.in_base64(f"{place} data"), marks.new(f"{place} key"): ""},
                "stringData": {"password": marks.awkward(f"{place} stringData")},
                "binaryData": {"blob": marks.in_base64(f"{place} binaryData")}}

    def pod_spec(self, place):
        marks = self.marks
        return {"containers": [{"name": "main", "image": "registry.example.com/a:1", "command": ["sh", "-c", marks.awkward(f"{place} command")],
                                "args": [marks.new(f"{place} args")], "env": [{"name": "TOKEN", "value": marks.awkward(f"{place} env")}],
                                "securityContext": {"privileged": True, "capabilities": {"add": [marks.new(f"{place} capability")]}}}],
                "volumes": [{"name": "v", "hostPath": {"path": "/" + marks.new(f"{place} hostPath")}}]}

    def plant_bodies(self):
        like, marks = self.recorded.like, self.marks
        for resource in ("secrets", "configmaps"):
            for verb, shape in (("create", "secrets"), ("update", "secrets"), ("patch", "secrets"), ("get", "secrets")):
                for event in like(shape, "create" if verb == "patch" else verb):
                    place = f"{verb} {resource}"
                    event["verb"] = verb
                    event["objectRef"]["resource"] = resource
                    event["requestObject"] = self.body("db", place)
                    event["responseObject"] = self.body("db", place + " response")
                    self.add(event)
        for event in like("secrets", "list"):
            event["responseObject"] = {"kind": "SecretList", "metadata": {"continue": marks.new("list continue")}, "items": [self.body("a", "list item")] * 3}
            event["responseStatus"]["metadata"] = {"continue": marks.in_base64("responseStatus continue")}
            self.add(event)
        for event in like("secrets", "create"):
            event["verb"] = "patch"
            event["requestObject"] = [{"op": "add", "path": "/data/x", "value": marks.in_base64("JSON patch")}]
            self.add(event)
            event = copy.deepcopy(event)
            event["requestObject"] = marks.awkward("body that is a text")
            event["responseObject"] = [[[marks.new("body of lists")]], marks.new("body of lists")]
            self.add(event)
        for event in like("pods", "create"):
            event["requestObject"] = {"kind": "Pod", "spec": self.pod_spec("pod")}
            event["responseObject"] = {"kind": "Pod", "spec": self.pod_spec("pod response")}
            self.add(event)
        for event in like("deployments", "create") + like("deployments", "patch"):
            event["requestObject"] = {"kind": "Deployment", "spec": {"template": {"spec": self.pod_spec("deployment")}}}
            self.add(event, "Request")

    def plant_tokens(self):
        marks = self.marks
        for event in self.recorded.like("serviceaccounts", "create", "token"):
            claims = base64.urlsafe_b64encode(json.dumps({"sub": marks.new("claim of a token")}).encode()).decode()
            event["requestObject"] = {"kind": "TokenRequest", "spec": {"audiences": [marks.new("audience")], "token": marks.new("TokenRequest spec")}}
            event["responseObject"] = {"kind": "TokenRequest", "status": {"token": f"eyJhbGciOiJSUzI1NiJ9.{claims}.{marks.new('signature of a token')}"}}
            event["responseStatus"]["message"] = marks.new("message of a TokenRequest")
            self.add(event)
        for event in self.recorded.like("selfsubjectaccessreviews", "create"):
            event["objectRef"]["resource"] = "tokenreviews"
            event["requestObject"] = {"kind": "TokenReview", "spec": {"token": marks.in_base64("TokenReview")}}
            event["responseObject"] = {"kind": "TokenReview", "spec": {"token": marks.new("TokenReview response")}, "status": {"token": marks.new("TokenReview status")}}
            self.add(event)

    def plant_uris(self):
        marks = self.marks
        quoted = urllib.parse.quote
        for event in self.recorded.like("pods", "create", "exec") + self.recorded.like("pods", "get", "exec"):
            path = event["requestURI"].split("?")[0]
            commands = "&".join("command=" + quoted(text, safe="") for text in ("sh", "-c", marks.awkward("exec argument"), marks.new("exec argument")))
            event["requestURI"] = f"{path}?{commands}&container=main&stdout=true"
            event["requestObject"] = {"kind": "PodExecOptions", "command": ["sh", marks.new("PodExecOptions")]}
            self.add(event, "Request")
        every_byte = "".join(f"%{byte:02x}" for byte in marks.new("percent-encoded whole").encode())
        base = "/api/v1/namespaces/shop/secrets"
        for uri in (f"{base}?labelSelector=app%3Dweb&limit=1", f"{base}?token={marks.new('token')}", f"{base}?continue={marks.in_base64('continue')}&limit=500", f"{base}?{marks.new('bare word')}",
                    f"{base}?limit=1;token={marks.new('semicolon')}", f"{base}?command={every_byte}",
                    f"{base}?access_token={marks.new('access_token')}&%74oken={marks.new('encoded key')}", f"{base}?{marks.new('key')}=1&limit=2",
                    f"{base}?pretty={marks.new('pretty')}&timeout={marks.new('timeout')}?limit={marks.new('second question mark')}",
                    f"http://admin:{marks.new('password of a URI')}@10.0.0.1{base}", f"{base}?x=1#{marks.new('fragment')}"):
            for event in self.recorded.like("secrets", "list")[:1]:
                event["requestURI"] = uri
                self.add(event, "Metadata")
        for subresource, uri in (("proxy", f"/api/v1/namespaces/shop/services/http:web:80/proxy/login/{marks.new('proxy path')}?password={marks.new('proxy query')}"),
                                 ("proxy", f"/api/v1/nodes/n/proxy/run/shop/web/main?cmd={marks.new('kubelet')}"),
                                 ("proxy", f"/api/v1/nodes/n/%70roxy/{marks.new('encoded proxy')}"), ("proxy", f"/api/v1/nodes/n%2fproxy%2F{marks.new('encoded slash')}")):
            for event in self.recorded.like("pods", "get", "exec")[:1]:
                event["objectRef"] = {"resource": "services" if "services" in uri else "nodes", "name": "n", "namespace": "shop", "apiVersion": "v1", "subresource": subresource}
                event["requestURI"] = uri
                self.add(event, "Metadata")
        for uri in (f"/oauth/token/{marks.new('path')}?code={marks.new('code')}", f"/logs/{marks.new('logs')}", f"/{marks.new('root')}", marks.new("no slash")):
            for event in self.recorded.like("secrets", "get")[:1]:
                del event["objectRef"]
                event["requestURI"] = uri
                self.add(event, "Metadata")

    def plant_answers(self):
        marks = self.marks
        for event in self.recorded.like("secrets", "create"):
            event["responseStatus"] = {"metadata": {"continue": marks.new("status continue")}, "status": "Failure", "reason": "Invalid", "code": 422,
                                       "message": f"Secret \"db\" is invalid: data: Invalid value: {marks.awkward('message')}",
                                       "details": {"name": marks.new("details name"), "causes": [{"message": marks.new("cause"), "field": marks.new("cause field")}]}}
            event["responseObject"] = {"kind": "Status", "message": marks.new("message of the response")}
            event["annotations"] = {"authorization.k8s.io/decision": "allow", PATCH: json.dumps({"patch": [{"value": marks.new("webhook patch")}]}),
                                    REFUSED: json.dumps([{"message": marks.new("refusal of a policy")}]), "policy.example.com/note": marks.new("audit annotation")}
            self.add(event)
        for event in self.recorded.like("secrets", "get")[:1]:
            event.update({"extra": {"token": marks.new("unknown member")}, "request": {"body": marks.new("unknown member")},
                          "requestobject": {"data": {"password": marks.new("member in other case")}}})
            self.add(event)


def reject(marks, event):
    """Lines that are no events, or events that are not judged: the quarantine and the log have to do with them."""
    text = json.dumps(event)
    mark = marks.new
    wrong = [{**event, "auditID": {"x": mark("auditID of a wrong type")}}, {**event, "stage": mark("unknown stage")}, {**event, "stageTimestamp": mark("no time")},
             {**event, "requestReceivedTimestamp": [mark("time of a wrong type")]}, {key: value for key, value in event.items() if key != "auditID"},
             {**event, "verb": {"a": mark("verb of a wrong type")}, "user": [mark("user of a wrong type")]},
             {**event, "objectRef": mark("objectRef of a wrong type"), "requestURI": {"a": mark("URI of a wrong type")}},
             {**event, "stageTimestamp": "2099-01-01T00:00:00Z", "requestObject": {"data": mark("future")}},
             {**event, "stageTimestamp": "2020-01-01T00:00:00Z", "requestReceivedTimestamp": "2020-01-01T00:00:00Z", "requestObject": {"data": mark("too late")}},
             [mark("a list")], mark("a text"), {"password": mark("no event")}, {"kind": "Event", "message": mark("another kind")},
             {"log": mark("shipped line")}, {"log": "{\"kind\":\"Event\"," + mark("shipped rest")}, {"message": base64.b64encode(text.encode()).decode()},
             {"awslogs": {"data": mark("bad base64")}}, {"awslogs": {"data": base64.b64encode(gzip.compress(mark("packed").encode())).decode()}},
             {"records": [{"category": "kube-audit", "properties": {"log": mark("no event of AKS")}}]}]
    lines = [json.dumps(value) for value in wrong]
    lines += [text[:-len(text) // 3] + mark("cut off"), f"{mark('plain text')} panic: {mark('plain text')}", "{" * 40 + mark("too deep"),
              text.replace('"verb"', f'"verb":"{mark("duplicate key")}","verb"', 1), f"\0\x1b[31m{mark('control characters')}", text + mark("behind the end")]
    return lines


def gke(marks):
    """A log entry of GKE, which has another schema."""
    return json.dumps({
        "insertId": "abc", "logName": "projects/p/logs/cloudaudit.googleapis.com%2Fdata_access", "timestamp": "2026-11-23T19:30:00Z", "receiveTimestamp": "2026-11-23T19:30:01Z",
        "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "prod", "location": "x", "project_id": "p"}},
        "operation": {"id": "00000000-0000-4000-8000-00000000aaaa", "first": True, "last": True, "producer": "k8s.io"},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "k8s.io", "methodName": "io.k8s.core.v1.secrets.create",
                         "resourceName": "core/v1/namespaces/shop/secrets/db", "authenticationInfo": {"principalEmail": SHOWN},
                         "requestMetadata": {"callerIp": "192.0.2.1", "callerSuppliedUserAgent": "kubectl"},
                         "request": {"kind": "Secret", "stringData": {"password": marks.new("GKE request")}},
                         "response": {"kind": "Secret", "data": {"password": marks.in_base64("GKE response")}}, "status": {"code": 3, "message": marks.new("GKE status")},
                         "metadata": {"x": marks.new("GKE metadata")}}})


def lines_with_marks(marks):
    """Lines of a log: events, the same wrapped and copied unequally, and what is none."""
    planter = Planter(marks)
    planter.plant_bodies()
    planter.plant_tokens()
    planter.plant_uris()
    planter.plant_answers()
    texts = [json.dumps(event, ensure_ascii=len(event["auditID"]) % 2 == 0) for event in planter.events]
    truncated = [json.dumps({key: value for key, value in event.items() if key != "responseObject"}) for event in planter.events]
    wrapped = [json.dumps({"@timestamp": "2026-11-23T19:00:00Z", "log": text + "\n"}) for text in texts[::7]]
    batch = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": planter.events[::5] + [{"auditID": marks.new("item that is none")}]})
    return texts + truncated + wrapped + [batch, gke(marks)] + reject(marks, planter.events[0])


def rules():
    """A rule for every field. Each event is an alert of its own: it shows what its opening event held."""
    documents = []
    for number, field in enumerate(FIELDS):
        # What no event of an API server has may be named in a group, too; what may hold secrets otherwise is an error there.
        group = ", extra.token, request.body" if number % 2 else ""
        documents.append(f"""
title: Canary of {field}
id: 00000000-0000-4000-9000-{number:012d}
name: canary_{number}
status: test
description: Fires on whatever stands there.
author: tests
logsource: {{product: kubernetes, service: audit}}
detection:
  selection:
    '{field}': '*'
  condition: selection
level: high
hark:
  group-by: [actor.name, auditID{group}]
  summary: "{{actor.name}} did {{verb}} {{resource}} {{namespace}}/{{name}} at {{uri}}"
""")
    return "---".join(documents)
