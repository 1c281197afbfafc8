// Package telegram is the connector for Telegram: one bot of the Bot API.
//
//	getUpdates or webhook → intake → chat.Event → Sink.Accept → offset or 200
//	chat.Post → text and entities → sendMessage, sendPhoto, sendMediaGroup → chat.Receipt
//
// Updates come by long polling, or to a webhook with a secret header; both feed one intake, which takes them one after
// another. The offset to go on from is the cursor, and is stored with the events before it is sent to Telegram. An album
// arrives as one update per file; its files are kept until it is whole, and are one message then.
//
// What happened has the same EventID however often it is delivered:
//
//	message    m:chat:message
//	edit       e:chat:message:edit_date:h      h is a hash of the new text
//	deletion   d:chat:message
//	reaction   r:update:date:n
//	press      p:callback query, or p:chat:message of the last answer to a form, or of a command
//	join       j:chat:user:date:in|out
//	pin        s:chat:message of the notice
//
// A conversation's ID is the number of the chat; biz:connection:chat is a chat of a business account that the bot is
// connected to. A message's ID is its number: 7. An album, or a message that Telegram could only take in several pieces,
// is one message with all their numbers: 7,8,9 or 7,8+9, where 9 has the text. A group that became a supergroup keeps the
// ID by which routes know it; messages written since then are -100123:7, because Telegram counts them anew.
//
// We chose telegram-bot-api for its requests alone: it drops what it has no type for, has no context and confirms updates
// before anybody stored them. So every update is decoded here, by itself, and one that is odd harms no other.
package telegram
