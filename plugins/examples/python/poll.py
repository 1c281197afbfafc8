"""A poll: /poll begins one, buttons or numbered words vote, /result says how it stands. Nothing needs to be installed."""

import json
import sys

COMMANDS = [
    {"usage": "poll <question...>", "help": "begin a poll"},
    {"usage": "result", "help": "how the poll stands"},
]
CHOICES = ["Yes", "No", "Maybe"]


def write(message):
    # flush: what stays in Python's buffer is never read
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def call(method, **params):
    """Calls Roost. Between an event and its answer the next line is the answer to this call."""
    write({"id": method, "method": method, "params": params})
    answer = json.loads(sys.stdin.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"]["message"])
    return answer["result"]


def poll(event):
    question = event["args"]["question"]
    call("state.set", key="poll", value={"question": question, "votes": {}})
    choices = [{"label": c, "value": c, "id": "vote"} for c in CHOICES]
    return {"text": question, "choices": choices}


def vote(event):
    state = call("state.get", key="poll")["value"]
    if state is None:
        return "There is no poll."
    if event["value"] in CHOICES:
        state["votes"][event["user"]["id"]] = event["value"]
        call("state.set", key="poll", value=state)
    return None


def result(event):
    state = call("state.get", key="poll")["value"]
    if state is None:
        return "There is no poll."
    votes = list(state["votes"].values())
    return state["question"] + "\n" + "\n".join(f"{c}: {votes.count(c)}" for c in CHOICES)


EVENTS = {("command", "poll"): poll, ("command", "result"): result, ("pressed", "vote"): vote}


def handle(message):
    if message["method"] == "initialize":
        return {"api": 1, "help": "I ask around.", "commands": COMMANDS, "buttons": ["vote"]}
    if message["method"] != "event":
        return {}  # ping, config, shutdown
    event = message["params"]
    reply = EVENTS[event["kind"], event["trigger"]](event)
    return {"reply": reply} if reply else {}


def main():
    while line := sys.stdin.readline():
        message = json.loads(line)
        try:
            write({"id": message["id"], "result": handle(message)})
        except (RuntimeError, KeyError) as e:
            write({"id": message["id"], "error": {"code": -32000, "message": str(e)}})


main()
