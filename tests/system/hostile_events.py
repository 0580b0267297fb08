"""Audit events with strings that somebody has chosen to deceive, and what must hold wherever hark shows them."""

import copy
import json
import re
import unicodedata

MEBIBYTE = 1 << 20

# By a name that is put before each, so that an alert says which it is of.
TEXTS = {
    "ansi": "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x1b[8m",
    "c1": "\u009b31m\u0085\u0090q\u009c",
    "forged": "alice\n2026-11-23 18:04:22  critical  mallory\nhark.alert",
    "overwrite": "alice\r\t\b\b\b\b\bmallory\x7f",
    "bidi": "\u202eecila\u202c\u2066x\u2069",
    "invisible": "al\u200bi\u00adce\ufeff\U000e0041",
    "html": "<script>alert('&')</script><img src=x onerror=alert(1)>",
    "slack": "<!channel> <@U1> <https://evil.example|click> *bold* `code` :bomb: &lt;!here&gt;",
    "json": "\",\"level\":\"informational\",\"x\":\"\\",
    "nul": "nul\0nul",
    "template": "{{alert}} {total} {actor.name} ${HOME} {{ .Labels.alertname }} %s%n",
    "metric": "\"} 1\nhark_build_info{version=\"owned\"} 7\n#",
    "log": "\" level=error msg=\"forged\n{\"level\":\"error\"}",
    "separators": "a\u2028b\u2029c\u0000",
    "long": "M" * MEBIBYTE,
    "long markup": "<" * MEBIBYTE,
    "long escapes": "\x1b" * (MEBIBYTE // 4),
    "long wide": "\u4e2d" * (MEBIBYTE // 3),
}

# Where a client, or whoever names things, can put such a text.
PLACES = {
    "user": lambda event, text: event["user"].update(username=text),
    "groups": lambda event, text: event["user"].update(groups=[text, "system:authenticated"]),
    "uid": lambda event, text: event["user"].update(uid=text),
    "impersonated": lambda event, text: event.update(impersonatedUser={"username": text, "groups": [text]}),
    "user agent": lambda event, text: event.update(userAgent=text),
    "address": lambda event, text: event.update(sourceIPs=[text, text]),
    "URI": lambda event, text: event.update(requestURI="/api/v1/secrets?labelSelector=" + text),
    "name": lambda event, text: event["objectRef"].update(name=text),
    "namespace": lambda event, text: event["objectRef"].update(namespace=text),
    "auditID": lambda event, text: event.update(auditID=text),
    "reason": lambda event, text: event["responseStatus"].update(reason=text),
    "verb": lambda event, text: event.update(verb=text),
}
LONG_PLACES = ("user", "URI")
EVENT = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete", "requestURI": "/api/v1/namespaces/shop/secrets/db", "verb": "get",
         "user": {"username": "alice", "groups": ["system:authenticated"]}, "sourceIPs": ["192.0.2.1"], "userAgent": "kubectl/v1.37",
         "objectRef": {"resource": "secrets", "namespace": "shop", "name": "db", "apiVersion": "v1"}, "responseStatus": {"code": 200}}
RULE = """
title: Anything
id: 00000000-0000-4000-9000-000000000001
name: anything
status: test
description: Every event, with all that it holds.
author: tests
logsource: {product: kubernetes, service: audit}
detection:
  selection:
    user.username: '*'
    user.groups: '*'
    userAgent: '*'
    requestURI: '*'
    sourceIPs: '*'
    objectRef.name: '*'
    objectRef.namespace: '*'
    auditID: '*'
    responseStatus.reason: '*'
    verb: '*'
  condition: selection
level: high
hark:
  group-by: [auditID, actor.name, source.ip, objectRef.name, objectRef.namespace, userAgent, verb]
  summary: "{actor.name} did {verb} {resource} {namespace}/{name} at {uri} from {source.ip} in {cluster}"
"""


def events():
    """One for each text at each place."""
    made = []
    for kind, text in TEXTS.items():
        for place, put in PLACES.items():
            event = copy.deepcopy(EVENT)
            moment = f"2026-11-23T19:{len(made) // 60:02d}:{len(made) % 60:02d}.000000Z"
            event.update(auditID=f"id {len(made)}", requestReceivedTimestamp=moment, stageTimestamp=moment)
            event["responseStatus"]["reason"] = "OK"
            put(event, f"{kind}:{text}" if place in LONG_PLACES else f"{kind}:{text[:20_000]}")
            made.append(event)
    return made


def last_event():
    """So late that all before it is judged."""
    return json.dumps({**EVENT, "auditID": "the last", "requestReceivedTimestamp": "2026-11-23T22:00:00Z", "stageTimestamp": "2026-11-23T22:00:00Z"}).encode()


def lines():
    """The events, as an API server writes them and with raw characters; and some with bytes that are no UTF-8, which are no events."""
    made = [json.dumps(event, ensure_ascii=number % 2 == 0).encode() for number, event in enumerate(events())]
    return made + [json.dumps(EVENT).encode().replace(b"alice", b"\xff\xfe\xc0\xaf\x1b[31m"), b"\x1b[31m no JSON\x07", b"{\"\x1b[2J", last_event()]


def wrapped_lines():
    """Events of clusters whose names come with the log: as AKS wraps them."""
    made = []
    for number, text in enumerate(TEXTS.values()):
        event = {**EVENT, "auditID": f"wrapped {number}", "requestReceivedTimestamp": "2026-11-23T20:00:00Z", "stageTimestamp": "2026-11-23T20:00:00Z",
                 "responseStatus": {"code": 200, "reason": "OK"}}
        resource = "/SUBSCRIPTIONS/X/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/" + text
        made.append(json.dumps({"records": [{"category": "kube-audit", "resourceId": resource, "properties": {"log": json.dumps(event)}}]}).encode())
    return made + [last_event()]


def unsafe(text):
    """The first character that changes how what is around it is shown: controls but for line ends, and what is invisible."""
    for character in text:
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            return character
    return None


MOST_ON_TERMINAL = 2_000

# What hark writes itself, where it writes in colours.
STYLES = re.compile(r"\x1b\[(?:0|1|2|1;31|31|33|36)m")


def problem_on_terminal(data, colours=False):
    """Why the bytes must not be on a terminal; empty: nothing is wrong."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"no UTF-8: {error}"
    text = text.replace("\r\n", "\n")  # the terminal's own
    if colours:
        text = STYLES.sub("", text)
    found = unsafe(text)
    if found:
        return f"{found!r} in {text[max(text.index(found) - 80, 0):][:160]!r}"
    longest = max(map(len, text.split("\n")))
    return f"a line of {longest} characters" if longest > MOST_ON_TERMINAL else ""


def problem_in_json(data, longest=200_000):
    """The same for a document, or a line, of JSON: it is safe on a terminal and in HTML, too."""
    try:
        json.loads(data)
        text = data.decode()
    except ValueError as error:
        return f"{error}: {data[:200]!r}"
    found = unsafe(text) or next((character for character in "<>&\n" if character in text.rstrip("\n")), None)
    if found:
        return f"{found!r} in {text[max(text.index(found) - 80, 0):][:160]!r}"
    return f"{len(text)} characters" if len(text) > longest else ""


def texts_of(value):
    """All texts of a JSON value, keys too."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_of(member)
    elif isinstance(value, str):
        yield value
