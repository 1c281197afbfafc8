package slacksim

import "encoding/json"

// obj is a small JSON object whose shape is used once.
type obj = map[string]any

// message is a message as Slack writes it in history, in answers and inside events.
type message struct {
	ClientMsgID     string          `json:"client_msg_id,omitempty"`
	Type            string          `json:"type"`
	Subtype         string          `json:"subtype,omitempty"`
	User            string          `json:"user,omitempty"`
	Inviter         string          `json:"inviter,omitempty"`
	BotID           string          `json:"bot_id,omitempty"`
	AppID           string          `json:"app_id,omitempty"`
	BotProfile      *botProfile     `json:"bot_profile,omitempty"`
	Username        string          `json:"username,omitempty"`
	Icons           *icons          `json:"icons,omitempty"`
	Text            string          `json:"text"`
	TS              string          `json:"ts"`
	Team            string          `json:"team,omitempty"`
	Blocks          json.RawMessage `json:"blocks,omitempty"`
	Attachments     json.RawMessage `json:"attachments,omitempty"`
	Files           []*wireFile     `json:"files,omitempty"`
	Upload          *bool           `json:"upload,omitempty"`
	DisplayAsBot    *bool           `json:"display_as_bot,omitempty"`
	Metadata        *Metadata       `json:"metadata,omitempty"`
	ThreadTS        string          `json:"thread_ts,omitempty"`
	ParentUserID    string          `json:"parent_user_id,omitempty"`
	ReplyCount      int             `json:"reply_count,omitempty"`
	ReplyUsersCount int             `json:"reply_users_count,omitempty"`
	LatestReply     string          `json:"latest_reply,omitempty"`
	ReplyUsers      []string        `json:"reply_users,omitempty"`
	IsLocked        *bool           `json:"is_locked,omitempty"`
	Subscribed      *bool           `json:"subscribed,omitempty"`
	Edited          *edited         `json:"edited,omitempty"`
	Reactions       []*wireReaction `json:"reactions,omitempty"`
	Root            *message        `json:"root,omitempty"`
	PinnedTo        []string        `json:"pinned_to,omitempty"`
	PinnedInfo      *pinnedInfo     `json:"pinned_info,omitempty"`
	Hidden          bool            `json:"hidden,omitempty"`

	channel string
	deleted bool
	typed   string // the text before it was escaped, when a person wrote it
}

// Metadata is the application data of a message: what chat.postMessage took as metadata.
type Metadata struct {
	EventType    string          `json:"event_type"`
	EventPayload json.RawMessage `json:"event_payload"`
}

type edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

type wireReaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// pinnedInfo says who pinned a message, and when.
type pinnedInfo struct {
	Channel  string `json:"channel"`
	PinnedBy string `json:"pinned_by"`
	PinnedTS int64  `json:"pinned_ts"`
}

type icons struct {
	Emoji   string `json:"emoji,omitempty"`
	Image36 string `json:"image_36,omitempty"`
	Image48 string `json:"image_48,omitempty"`
	Image72 string `json:"image_72,omitempty"`
}

type botProfile struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
	Name    string `json:"name"`
	Updated int64  `json:"updated"`
	AppID   string `json:"app_id"`
	UserID  string `json:"user_id,omitempty"`
	Icons   icons  `json:"icons"`
	TeamID  string `json:"team_id"`
}

// messageEvent is the inner event of a posted message.
type messageEvent struct {
	message
	Channel     string `json:"channel"`
	EventTS     string `json:"event_ts"`
	ChannelType string `json:"channel_type,omitempty"`
}

// changeEvent is the inner event of message_changed and message_deleted.
type changeEvent struct {
	Type            string   `json:"type"`
	Subtype         string   `json:"subtype"`
	Message         *message `json:"message,omitempty"`
	PreviousMessage *message `json:"previous_message,omitempty"`
	DeletedTS       string   `json:"deleted_ts,omitempty"`
	Channel         string   `json:"channel"`
	Hidden          bool     `json:"hidden"`
	TS              string   `json:"ts"`
	EventTS         string   `json:"event_ts"`
	ChannelType     string   `json:"channel_type"`
}

// callback wraps an inner event.
// https://docs.slack.dev/apis/events-api/#event-wrapper
type callback struct {
	Token               string          `json:"token"`
	TeamID              string          `json:"team_id"`
	ContextTeamID       string          `json:"context_team_id"`
	ContextEnterpriseID *string         `json:"context_enterprise_id"`
	APIAppID            string          `json:"api_app_id"`
	Event               json.RawMessage `json:"event"`
	Type                string          `json:"type"`
	EventID             string          `json:"event_id"`
	EventTime           int64           `json:"event_time"`
	Authorizations      []authorization `json:"authorizations"`
	IsExtSharedChannel  bool            `json:"is_ext_shared_channel"`
	EventContext        string          `json:"event_context"`
}

type authorization struct {
	EnterpriseID        *string `json:"enterprise_id"`
	TeamID              string  `json:"team_id"`
	UserID              string  `json:"user_id"`
	IsBot               bool    `json:"is_bot"`
	IsEnterpriseInstall bool    `json:"is_enterprise_install"`
}

// envelope is what a socket carries from Slack to the app.
type envelope struct {
	EnvelopeID             string          `json:"envelope_id"`
	Payload                json.RawMessage `json:"payload"`
	Type                   string          `json:"type"`
	AcceptsResponsePayload bool            `json:"accepts_response_payload"`
	RetryAttempt           *int            `json:"retry_attempt,omitempty"`
	RetryReason            *string         `json:"retry_reason,omitempty"`
}

// acknowledgement is what comes back.
type acknowledgement struct {
	EnvelopeID string          `json:"envelope_id"`
	Payload    json.RawMessage `json:"payload"`
}

type wireFile struct {
	ID                 string                        `json:"id"`
	Created            int64                         `json:"created"`
	Timestamp          int64                         `json:"timestamp"`
	Name               string                        `json:"name"`
	Title              string                        `json:"title"`
	Mimetype           string                        `json:"mimetype"`
	Filetype           string                        `json:"filetype"`
	PrettyType         string                        `json:"pretty_type"`
	User               string                        `json:"user"`
	UserTeam           string                        `json:"user_team"`
	Editable           bool                          `json:"editable"`
	Size               int                           `json:"size"`
	Mode               string                        `json:"mode"`
	IsExternal         bool                          `json:"is_external"`
	ExternalType       string                        `json:"external_type"`
	IsPublic           bool                          `json:"is_public"`
	PublicURLShared    bool                          `json:"public_url_shared"`
	DisplayAsBot       bool                          `json:"display_as_bot"`
	Username           string                        `json:"username"`
	URLPrivate         string                        `json:"url_private"`
	URLPrivateDownload string                        `json:"url_private_download"`
	MediaDisplayType   string                        `json:"media_display_type"`
	Permalink          string                        `json:"permalink,omitempty"`
	PermalinkPublic    string                        `json:"permalink_public"`
	AltText            string                        `json:"alt_txt,omitempty"`
	Shares             map[string]map[string][]share `json:"shares,omitempty"`
	Channels           []string                      `json:"channels,omitzero"`
	Groups             []string                      `json:"groups,omitzero"`
	IMs                []string                      `json:"ims,omitzero"`
	HasRichPreview     bool                          `json:"has_rich_preview"`
	FileAccess         string                        `json:"file_access"`
}

type share struct {
	ReplyUsers      []string `json:"reply_users"`
	ReplyUsersCount int      `json:"reply_users_count"`
	ReplyCount      int      `json:"reply_count"`
	TS              string   `json:"ts"`
	ThreadTS        string   `json:"thread_ts,omitempty"`
	ChannelName     string   `json:"channel_name,omitempty"`
	TeamID          string   `json:"team_id"`
	ShareUserID     string   `json:"share_user_id"`
	Source          string   `json:"source"`
}
