// Package webhook is the connector for everything else: any program that speaks HTTP and JSON joins a route with it.
//
//	signed POST → decode → chat.Event → Sink.Accept → 200
//	chat.Post → signed POST to the program's url → 2xx → chat.Receipt
//	chat.Post → Deps.Journal → GET …/events, as pages or as server-sent events
//
// Every request is signed in one header, over its time and its raw body, so both sides check it before they decode it.
// What a program sends is in the past tense (posted, edited), and what it is sent is in the imperative (post, edit). Both
// have the same fields, but neither is taken for the other: who overhears a request can't send it back to its sender.
//
// A program sends again what was not answered with 200; the same event ID is stored once. Roost sends again what was not
// answered with 2xx; the program folds what has the same Idempotency-Key. Posts, edits, deletions and new threads have the
// key of what they do. A reaction or a pin has a new key whenever it changes, because putting an emoji on again after
// taking it off is no repeat; it says how things shall be, so that getting it twice does no harm.
//
// Offsets of formatting count UTF-16 code units, as the strings of JavaScript, Java and C# do, and an offset that can't
// be meant is an error. We chose spans beside plain text, not a markup, because no text has to be escaped then and none
// gains power by being relayed; it costs those whose strings count otherwise a conversion.
package webhook
