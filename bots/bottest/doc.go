// Package bottest plays chats that are written down: a transcript is the test of a bot, and its recording.
//
//	transcript → Parse → the bot's Host in a world of its own → what the bot did, beside what is written
//
// The world is one platform, the store and the clock, all of them in memory. It does with what a bot wants what the router
// does: it keeps state and refuses what has changed meanwhile, wakes the bot, mutes it while people have a case, and shows
// choices as the platform does. Nothing waits and nothing is sent, so a test takes some 100 µs.
//
// # A transcript
//
//	# An order, on a platform with buttons and on one without.
//	@on telegram x
//
//	alice: /order
//	bot: Which size?  [S] [M] [L]
//	alice picks M
//	bot: How many?
//	@restart
//	alice: 3
//	bot: /^Ordered 3 × M/
//
// Each line is what somebody does, what the bot must do about it, a directive (@), or a remark (#). What the bot does must be
// there, all of it and in this order; what it does besides fails the test. A message goes on in the lines below it that are
// indented.
//
// People are called by a name without spaces, and have it as their name and, in lower case, as their ID. They speak to the bot
// directly, or in a place:
//
//	alice: hi                   directly, or where @in says
//	alice@#standup: hi          in a place; #standup/t1 is a thread there
//	alice@slack/team#C0A: hi    in a conversation of another account
//	alice: @bot, help @bob      mentions
//	alice replies: yes          answers the bot's last message; "replies 2" the second last
//	alice edits: hello          her own last message; "edits 2" the second last
//	alice deletes
//	alice reacts 👍             to the last message; unreacts takes it off
//	alice pins
//	alice presses Yes           a button of the last message that has it; "presses 2: Yes" one of the second last message
//	alice picks Yes             presses it, or writes its number where there are no buttons
//	alice sends cat.jpg: look   files, and words if you like
//	alice joins                 leaves
//	hook deploy: {"a": 1}       somebody calls the bot's webhook
//
// What the bot must do, in the place where something happened last, or in another one:
//
//	bot: Hello                  says these words; with marks (**Hello**) they must be formatted so
//	bot: /^Hello (alice|bob)/   says words that match, as RE2 has it; choices may be there too
//	bot: Which?  [S] [M]        with these choices, as buttons or as numbered lines
//	bot@#standup: Good morning  in another place; bot@alice directly to alice
//	bot edits: Hello            its last message; "edits 2" the second last
//	bot deletes                 likewise
//	bot reacts 👍               to the message that it heard; unreacts
//	bot replies: Hello          and that it answers the message; "bot: Hello" does not say whether
//	bot sends price.pdf: Here   a file of its folder
//	bot whispers alice: psst    to her alone
//	bot removes                 the message that it heard
//	bot hands off: no idea      gives the contact to the people of the desk, and hears nothing until @handback
//	bot fails: no such thing    it has an error: one that operators see, so it has to be expected
//	nothing                     which is as good as no line at all, but says so
//
// An edit by which a question that is answered only shows its answer and loses its buttons need not be written down.
//
// # Directives
//
// Before the chat begins:
//
//	@bot echo.star              the bot; otherwise it is what lies beside the transcript: order.star for order.chat and
//	                            order-late.chat, a folder order with a plugin.yaml, or the only bot in the folder
//	@on telegram x              the platforms: chat (which can do everything, the default), discord, slack, telegram, x. The
//	                            chat takes place once on each; what one can't do (edits, deletes, reacts) is not awaited there
//	@can edit, @cannot cards    abilities: cards, delete, edit, files, react, reply, threads, typing, whisper
//	@at 2026-03-27 09:00 Europe/Berlin      when it begins; otherwise on Monday, 5 January 2026 at 09:00 UTC
//	@in #lounge                 where people speak who don't say
//	@place #ops slack/team#C0O  which conversation a place is
//	@mirror club #a slack/t#C0B places that are one
//	@desk support               direct conversations are those of contacts of this desk
//	@home #standup              where schedules and webhooks speak that don't say
//	@operators #ops             where people are told what goes wrong
//	@locale de                  the language of the bot's texts
//	@config sizes=[S, M]        a setting of the bot, in YAML; a place is given as its conversation
//	@secret TOKEN=x             a secret of the bot
//	@may http:api.example.org   what the bot may do: send:#ops, http:HOST, secret:NAME, moderate
//
// At any time:
//
//	@ +2h                       moves the clock, and lets happen what is due until then, in order
//	@ 09:00                     to the next nine o'clock; @ 2026-03-29 09:00 to a day's
//	@restart                    the process ends and another one begins: only what was stored is left
//	@stop                       it ends; what people do, and what is due, waits for @restart
//	@crash                      the next event is heard, its outcome is lost in a crash, and it is heard again
//	@fail state                 the next look at the store fails
//	@replace order2.star        another version of the bot
//	@handback                   a member gives the case back
//	@role alice member admin    her roles
//	@http GET https://api.example.org/x -> 200 {"a": 1}    what the web answers: several in their order, the last again and
//	                            again; "-> fails" is no answer
//
// The clock stands still but for @.
//
// We chose a language of our own, not YAML or code, because a chat is what people who run bots can read, write and paste; it
// costs a parser of some 300 lines.
package bottest
