package telegram

import "encoding/json"

// The types below have the fields that we read of those at https://core.telegram.org/bots/api#available-types, by the names
// that Telegram gives them. Numbers of chats have up to 52 bits.

type update struct {
	ID              int64               `json:"update_id"`
	Message         *message            `json:"message"`
	EditedMessage   *message            `json:"edited_message"`
	ChannelPost     *message            `json:"channel_post"`
	EditedPost      *message            `json:"edited_channel_post"`
	BusinessMessage *message            `json:"business_message"`
	EditedBusiness  *message            `json:"edited_business_message"`
	DeletedBusiness *businessDeleted    `json:"deleted_business_messages"`
	Reaction        *reactionUpdate     `json:"message_reaction"`
	Callback        *callbackQuery      `json:"callback_query"`
	MyChatMember    *memberUpdate       `json:"my_chat_member"`
	ChatMember      *memberUpdate       `json:"chat_member"`
	Connection      *businessConnection `json:"business_connection"`
}

type user struct {
	ID          int64  `json:"id"`
	IsBot       bool   `json:"is_bot"`
	First       string `json:"first_name"`
	Last        string `json:"last_name"`
	Username    string `json:"username"`
	ReadsAll    bool   `json:"can_read_all_group_messages,omitempty"` // of getMe
	JoinsGroups bool   `json:"can_join_groups,omitempty"`             // of getMe
}

type chatInfo struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	Title    string `json:"title"`
	Username string `json:"username"`
	First    string `json:"first_name"`
	Last     string `json:"last_name"`
	Forum    bool   `json:"is_forum"`
}

// The types of chats.
const (
	privateChat = "private"
	channelChat = "channel"
)

type entity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"` // UTF-16 units
	Length   int    `json:"length"`
	URL      string `json:"url,omitempty"`
	User     *user  `json:"user,omitempty"`
	Language string `json:"language,omitempty"`
	EmojiID  string `json:"custom_emoji_id,omitempty"`
}

type message struct {
	ID          int64           `json:"message_id"`
	Thread      int64           `json:"message_thread_id"`
	Topical     bool            `json:"is_topic_message"`
	From        *user           `json:"from"`
	SenderChat  *chatInfo       `json:"sender_chat"`
	BusinessBot *user           `json:"sender_business_bot"`
	Date        int64           `json:"date"`
	Business    string          `json:"business_connection_id"`
	Chat        chatInfo        `json:"chat"`
	Origin      *origin         `json:"forward_origin"`
	Automatic   bool            `json:"is_automatic_forward"`
	ReplyTo     *message        `json:"reply_to_message"`
	External    *externalReply  `json:"external_reply"`
	Quote       *textQuote      `json:"quote"`
	ToStory     *story          `json:"reply_to_story"`
	Edited      int64           `json:"edit_date"`
	Album       string          `json:"media_group_id"`
	Signature   string          `json:"author_signature"`
	Text        string          `json:"text"`
	Entities    []entity        `json:"entities"`
	Rich        *richMessage    `json:"rich_message"`
	Caption     string          `json:"caption"`
	CaptionEnts []entity        `json:"caption_entities"`
	Spoiler     bool            `json:"has_media_spoiler"`
	Markup      json.RawMessage `json:"reply_markup"`
	media
	talk
	service
}

// media is what a message shows. For backward compatibility some come twice.
type media struct {
	Animation *document   `json:"animation"`
	Audio     *document   `json:"audio"`
	Document  *document   `json:"document"`
	LivePhoto *document   `json:"live_photo"`
	Photo     []photoSize `json:"photo"`
	Sticker   *sticker    `json:"sticker"`
	Video     *document   `json:"video"`
	VideoNote *document   `json:"video_note"`
	Voice     *document   `json:"voice"`
}

// talk is what a message says in another way than by text.
type talk struct {
	Story     *story     `json:"story"`
	Checklist *checklist `json:"checklist"`
	Contact   *contact   `json:"contact"`
	Dice      *dice      `json:"dice"`
	Game      *titled    `json:"game"`
	Invoice   *titled    `json:"invoice"`
	Poll      *poll      `json:"poll"`
	Venue     *venue     `json:"venue"`
	Location  *location  `json:"location"`
	PaidMedia *struct{}  `json:"paid_media"`
	Giveaway  *struct{}  `json:"giveaway"`
}

// service is what a message says that nobody wrote.
type service struct {
	Joined       []user       `json:"new_chat_members"`
	Gone         *user        `json:"left_chat_member"`
	MovedTo      int64        `json:"migrate_to_chat_id"`
	MovedFrom    int64        `json:"migrate_from_chat_id"`
	Pinned       *message     `json:"pinned_message"`
	TopicCreated *topicNotice `json:"forum_topic_created"`
	TopicEdited  *topicNotice `json:"forum_topic_edited"`
}

type document struct {
	FileID string `json:"file_id"`
	Name   string `json:"file_name"`
	Type   string `json:"mime_type"`
	Size   int64  `json:"file_size"`
}

type photoSize struct {
	FileID string `json:"file_id"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Size   int64  `json:"file_size"`
}

type sticker struct {
	FileID   string `json:"file_id"`
	Animated bool   `json:"is_animated"`
	Video    bool   `json:"is_video"`
	Emoji    string `json:"emoji"`
	Size     int64  `json:"file_size"`
}

type story struct {
	Chat chatInfo `json:"chat"`
}

type titled struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type contact struct {
	Phone string `json:"phone_number"`
	First string `json:"first_name"`
	Last  string `json:"last_name"`
}

type dice struct {
	Emoji string `json:"emoji"`
	Value int    `json:"value"`
}

type location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Live      int64   `json:"live_period"`
}

type venue struct {
	Location location `json:"location"`
	Title    string   `json:"title"`
	Address  string   `json:"address"`
}

type poll struct {
	Question string `json:"question"`
	Options  []struct {
		Text string `json:"text"`
	} `json:"options"`
}

type checklist struct {
	Title string `json:"title"`
	Tasks []struct {
		Text string `json:"text"`
		Done int64  `json:"completion_date"`
	} `json:"tasks"`
}

type origin struct {
	Type       string    `json:"type"`
	Sender     *user     `json:"sender_user"`
	Hidden     string    `json:"sender_user_name"`
	SenderChat *chatInfo `json:"sender_chat"`
	Chat       *chatInfo `json:"chat"`
	Message    int64     `json:"message_id"`
}

type externalReply struct {
	Origin origin `json:"origin"`
	media
	talk
}

type textQuote struct {
	Text     string   `json:"text"`
	Entities []entity `json:"entities"`
}

type topicNotice struct {
	Name string `json:"name"`
}

type businessConnection struct {
	ID      string `json:"id"`
	User    user   `json:"user"`
	Enabled bool   `json:"is_enabled"`
}

type businessDeleted struct {
	Connection string   `json:"business_connection_id"`
	Chat       chatInfo `json:"chat"`
	Messages   []int64  `json:"message_ids"`
}

type reactionUpdate struct {
	Chat    chatInfo       `json:"chat"`
	Message int64          `json:"message_id"`
	User    *user          `json:"user"`
	Actor   *chatInfo      `json:"actor_chat"`
	Date    int64          `json:"date"`
	Old     []reactionType `json:"old_reaction"`
	New     []reactionType `json:"new_reaction"`
}

type reactionType struct {
	Type   string `json:"type"`
	Emoji  string `json:"emoji"`
	Custom string `json:"custom_emoji_id"`
}

type callbackQuery struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"` // of one that is too old only its number and chat
	Data    string   `json:"data"`
}

type memberUpdate struct {
	Chat chatInfo `json:"chat"`
	From user     `json:"from"`
	Date int64    `json:"date"`
	Old  member   `json:"old_chat_member"`
	New  member   `json:"new_chat_member"`
}

type member struct {
	Status    string `json:"status"`
	User      user   `json:"user"`
	IsMember  bool   `json:"is_member"` // of somebody restricted
	MayDelete bool   `json:"can_delete_messages"`
	MayTopics bool   `json:"can_manage_topics"`
	MayPin    bool   `json:"can_pin_messages"`
}

// here says whether the member is in the chat.
func (m member) here() bool {
	switch m.Status {
	case "creator", "administrator", "member":
		return true
	}
	return m.Status == "restricted" && m.IsMember
}

// admin says whether the member administers the chat.
func (m member) admin() bool { return m.Status == "creator" || m.Status == "administrator" }

// written is a message that the bot wrote, as Telegram answers.
type written struct {
	ID   int64    `json:"message_id"`
	Date int64    `json:"date"`
	Chat chatInfo `json:"chat"`
}
