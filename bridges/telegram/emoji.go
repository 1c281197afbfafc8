package telegram

import "strings"

// reactions are the emoji that a bot can react with.
// https://core.telegram.org/bots/api#reactiontypeemoji
const reactions = "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 " +
	"👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"

// likenesses are further emoji, and after the colon the one of reactions that says the same. The first line is what a desk
// marks with: taken, delivered, read, failed, not known.
const likenesses = `⏳⌛:✍ ✅✔☑🆗:👌 👁:👀 ❌✖🚫⛔:👎 ❓❔:🤔
💙💚💛🧡💜🖤🤍🤎🩷🩵🩶💖💗💓💕💞💝♥❣:❤ 👍🏻:👍 🙌:👏 😂😹:🤣 😀😃😄😆😅😺:😁 🙂😊☺😌:🤗 🥳🎊🎈:🎉 😮😲😯:🤯 😧😦😰:😨
🙀:😱 😞😔😟🙁☹🥲😥:😢 😿:😭 😠👿:😡 😤:🤬 🤢:🤮 💤😪:😴 🌟⭐✨:🤩 😚😗😙:😘 🥇🏅🎖:🏆 🤦:🙈 🤫🤭:🙊 🧐🤓:🤓 🕶:😎 🔝:💯
💥🧨:🔥 🚀:⚡ 😑😶:😐 🙄:🤨 🥂🍻🍺:🍾 ☕:🆒 🎶:🆒 📝✏🖊:✍ 🤞:🙏 ⛄:☃ 💏😻:😍 ☠💀:👻 🐋:🐳 🕵:👀 🔎🔍:👀 🤲:🙏 ➕:👍 ➖:👎`

// bare is an emoji without skin tone and without the sign that asks for its coloured form; Telegram's have neither.
func bare(emoji string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFE0F' || (r >= 0x1F3FB && r <= 0x1F3FF) {
			return -1
		}
		return r
	}, emoji)
}

// nearest is the reaction that says the same as emoji. ok is false when there is none.
func nearest(emoji string) (reaction string, ok bool) {
	emoji = bare(emoji)
	if emoji == "" {
		return "", false
	}
	for one := range strings.FieldsSeq(reactions) {
		if one == emoji {
			return one, true
		}
	}
	for pair := range strings.FieldsSeq(likenesses) {
		of, one, _ := strings.Cut(pair, ":")
		if strings.Contains(of, emoji) {
			return one, true
		}
	}
	return "", false
}

// coloured gives Telegram's emoji as other platforms write them: those that are also letters have a sign behind.
func coloured(emoji string) string {
	switch emoji {
	case "❤", "✍", "☃", "🕊", "🤷\u200d♂", "🤷\u200d♀":
		return emoji + "\uFE0F"
	case "❤\u200d🔥":
		return "❤\uFE0F\u200d🔥"
	}
	return emoji
}
