// Package script makes bots of Starlark, a small language that looks like Python.
//
//	source → Load (top level runs once) → Script.Hear → the function for the event → Turn
//
// # A script
//
//	def echo(text):
//	    return text
//	command("echo <text...>", echo, help="repeat the text")
//
// At the top of the file stand definitions and declarations, which say what the bot answers to. The functions are called
// later, once for each event; what one of them returns, if it is a text, is said.
//
// # Declarations
//
//	command("order <size:S|M|L> [<n:number>]", fn, help=, roles=["member"], cooldown="3/10m")
//	on("pattern", r"(?P<what>hi|hello)\b", fn)    the first that matches has it; RE2
//	on("mention", fn)                             the bot is called by name, or spoken to alone
//	on("message", fn)                             any message
//	on("press", "vote*", fn)                      a button of say(); a star ends the name of many
//	on("hook", "deploy", fn)                      POST /hooks/bot/NAME/deploy
//	on("joined", fn)                              and left, edited, deleted, reacted, pinned
//	every("0 9 * * 1-5", fn, tz="Europe/Berlin", to="slack/team#C1", missed="once within 1h", name="standup")
//	texts({"en": {"hi": "Hello {name}!"}, "de": {…}}, locale="de")
//	bot(help="what it is for", prefixes=["!"], machines=True)
//
// A function names what it wants as its parameters: the arguments of its command (those that were left out are None, or the
// parameter's default), the named groups of its pattern, and anything that event has.
//
// # What a function knows
//
//	user       who did it: user.id, user.name, user.handle, user.account; false when nobody did
//	here       where it happened: "slack/team#C1"
//	event      kind, text, at, message, direct, desk, groups; emoji and removed of a reaction; button, value and fields of
//	           what was pressed; hook and body of a webhook
//	config     the bot's config, a dict
//	now()      the time, see the module time; it stands still in a dialog that is run again, as does all of the following
//	random(n)  0 to n-1; choice(list) is one of a list
//
// # What a function does
//
//	say("text", to=, choices=, files=, only=, reply=, id=)   only=True: for user's eyes; gives a message
//	edit(message, "text", choices=, id=), delete(message)    message.id can be kept and used later in its place
//	react("👍"), unreact("👍"), typing(), remove()            about the event's message; remove() needs leave to moderate
//	ask("text", choices=, type=, timeout=, files=, only=, reply=)
//	confirm("text", yes=, no=, timeout=)                     True or False
//	hand_off("reason")                                       to the people of the desk
//	later("2h", fn, …, name=)                                calls fn then, here and for the same user; also at a time
//	cancel(name)                                             what later() gave
//	t("hi", name=user.name)                                  one of texts(), or the text itself, with {name} filled in
//	escape("text")                                           is no markup, whoever wrote it
//	log("text", …)
//
// Nothing of it happens before the function has ended, or asks: an error undoes it all.
//
// ask waits, for days if need be. The function is run again from its beginning when the answer is there, with everything
// before it as it was. It gives a text; with type="number", "duration" or "user" a number, a time span or a person; and None
// when there is a timeout and nobody has answered in time. A choice is a text, or a pair of a label and what ask then gives.
//
// The choices of say are buttons. A choice that is a text presses the button of that name, or the one that id= names, with
// itself as the value; button("Label", id=, value=, style="primary") says it all.
//
// # State
//
//	state.person["n"] = state.person.get("n", 0) + 1
//	if "poll" in state.talk: poll = state.talk.pop("poll")
//
// state.person is kept for each person, state.talk for each conversation, state.bot for the bot. Texts, numbers, True, False,
// None, and lists and dicts of them can be kept. What state gives is a copy: to change a list, change the copy and put it
// back.
//
// # The web
//
//	r = http.get("https://api.example.org/x", headers={"Authorization": "Bearer " + secret("TOKEN")})
//	if r.ok: say(r.json()["title"])
//	http.post(url, json={…}), http.post(url, body="…"), http.request("PUT", url, …)
//
// Hosts and secrets must be granted. A secret is known to its server alone: a script sees only its name.
//
// # A new version
//
// Dialogs that are under way go on with the script that began them, for a day. Then they begin anew, unless the new one has
// a function migrate: it gets the dialog (old.trigger, old.args, old.answers, old.began) and returns the answers with
// which it is to go on, or None.
//
// # What is missing, and limits
//
// There is no recursion, no class, no try and no import. Besides what is listed here there are the functions of Starlark
// (len, range, sorted, …) and its modules json and time; there is no other clock and no other chance. What is defined at the
// top can't be changed by a function: what changes belongs into state. A script has 64 KiB at most, and may do a million
// steps for one event (Options.Steps). A million takes 10 to 50 ms, but for functions like sorted, which are
// one step and can't be stopped; nor is memory limited. So scripts of people who are not trusted run in a Worker: a process
// of their own that is ended when it takes too much.
package script
