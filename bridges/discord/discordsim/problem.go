package discordsim

import (
	"net/http"
	"strconv"
	"strings"
)

// apiError is an answer that is not good. https://docs.discord.com/developers/reference#error-messages
type apiError struct {
	status, code int
	message      string
	errors       *tree // of an Invalid Form Body
}

func (e *apiError) Error() string { return strconv.Itoa(e.code) + " " + e.message }

func fail(status, code int, message string) *apiError {
	return &apiError{status: status, code: code, message: message}
}

// The errors that need no more to be said.
var (
	errNotFound       = fail(http.StatusNotFound, 0, "404: Not Found")
	errBadMethod      = fail(http.StatusMethodNotAllowed, 0, "405: Method Not Allowed")
	errUnauthorized   = fail(http.StatusUnauthorized, 0, "401: Unauthorized")
	errVersion        = fail(http.StatusBadRequest, 50041, "Invalid API version specified")
	errBadJSON        = fail(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	errTooLarge       = fail(http.StatusRequestEntityTooLarge, 40005, "Request entity too large")
	errUnknownApp     = fail(http.StatusNotFound, 10002, "Unknown Application")
	errUnknownChannel = fail(http.StatusNotFound, 10003, "Unknown Channel")
	errUnknownGuild   = fail(http.StatusNotFound, 10004, "Unknown Guild")
	errUnknownMember  = fail(http.StatusNotFound, 10007, "Unknown Member")
	errUnknownMessage = fail(http.StatusNotFound, 10008, "Unknown Message")
	errUnknownUser    = fail(http.StatusNotFound, 10013, "Unknown User")
	errUnknownEmoji   = fail(http.StatusBadRequest, 10014, "Unknown Emoji")
	errUnknownHook    = fail(http.StatusNotFound, 10015, "Unknown Webhook")
	errUnknownInter   = fail(http.StatusNotFound, 10062, "Unknown interaction")
	errUnknownCommand = fail(http.StatusNotFound, 10063, "Unknown application command")
	errMaxPins        = fail(http.StatusBadRequest, 30003, "Maximum number of pins reached (250)")
	errMaxReactions   = fail(http.StatusBadRequest, 30010, "Maximum number of reactions reached (20)")
	errMaxCommands    = fail(http.StatusBadRequest, 30032, "Maximum number of application commands reached (100)")
	errMaxHooks       = fail(http.StatusBadRequest, 30007, "Maximum number of webhooks reached (15)")
	errNoDMs          = fail(http.StatusForbidden, 50007, "Cannot send messages to this user")
	errNoMutual       = fail(http.StatusForbidden, 50278, "Cannot send messages to this user due to having no mutual guilds")
	errAcknowledged   = fail(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
	errNeedTag        = fail(http.StatusBadRequest, 40067, "A tag is required to create a forum post in this channel")
	errNoAccess       = fail(http.StatusForbidden, 50001, "Missing Access")
	errInDM           = fail(http.StatusForbidden, 50003, "Cannot execute action on a DM channel")
	errForeign        = fail(http.StatusForbidden, 50005, "Cannot edit a message authored by another user")
	errEmpty          = fail(http.StatusBadRequest, 50006, "Cannot send an empty message")
	errNotText        = fail(http.StatusBadRequest, 50008, "Cannot send messages in a non-text channel")
	errNotAllowed     = fail(http.StatusForbidden, 50013, "Missing Permissions")
	errBulk           = fail(http.StatusBadRequest, 50016, "You can only bulk delete between 2 and 100 messages.")
	errSystem         = fail(http.StatusForbidden, 50021, "Cannot execute action on a system message")
	errChannelType    = fail(http.StatusBadRequest, 50024, "Cannot execute action on this channel type")
	errHookToken      = fail(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	errRecipient      = fail(http.StatusBadRequest, 50033, "Invalid Recipient(s)")
	errTooOld         = fail(http.StatusBadRequest, 50034, "You can only bulk delete messages that are under 14 days old.")
	errArchived       = fail(http.StatusBadRequest, 50083, "Thread is archived")
	errThreadExists   = fail(http.StatusBadRequest, 160004, "A thread has already been created for this message")
	errLocked         = fail(http.StatusBadRequest, 160005, "Thread is locked")
	errHookNoThread   = fail(http.StatusBadRequest, 220001, "Webhooks posted to forum channels must have a thread_name or thread_id")
	errHookBoth       = fail(http.StatusBadRequest, 220002, "Webhooks posted to forum channels cannot have both a thread_name and thread_id")
	errHookNoForum    = fail(http.StatusBadRequest, 220003, "Webhooks can only create threads in forum channels")
	errVoiceContent   = fail(http.StatusBadRequest, 50159, "Voice messages do not support additional content.")
	errVoiceSingle    = fail(http.StatusBadRequest, 50160, "Voice messages must have a single audio attachment.")
	errVoiceMeta      = fail(http.StatusBadRequest, 50161, "Voice messages must have supporting metadata.")
	errVoiceEdit      = fail(http.StatusBadRequest, 50162, "Voice messages cannot be edited.")
	errNoForward      = fail(http.StatusBadRequest, 160014, "You cannot forward a message whose content you cannot read")
	errPollEdit       = fail(http.StatusBadRequest, 520003, "Cannot edit a poll message")
	errNoPoll         = fail(http.StatusBadRequest, 520006, "Cannot expire a non-poll message")
	errNotOriginal    = fail(http.StatusBadRequest, 40033, "This message has already been crossposted.")
)

// tree is where in a form what is wrong: objects and array positions nest, leaves are lists named _errors.
type tree struct {
	leaves []obj
	below  map[string]*tree
}

// add puts a fault at a path such as "embeds.0.title".
func (t *tree) add(path, code, message string) {
	at := t
	for part := range strings.SplitSeq(path, ".") {
		if at.below == nil {
			at.below = map[string]*tree{}
		}
		if at.below[part] == nil {
			at.below[part] = &tree{}
		}
		at = at.below[part]
	}
	at.leaves = append(at.leaves, obj{"code": code, "message": message})
}

func (t *tree) wire() obj {
	out := obj{}
	if len(t.leaves) > 0 {
		out["_errors"] = t.leaves
	}
	for key, b := range t.below {
		out[key] = b.wire()
	}
	return out
}

// fault is the tree as an answer, nil when nothing was added.
func (t *tree) fault() error {
	if t.below == nil {
		return nil
	}
	return &apiError{status: http.StatusBadRequest, code: 50035, message: "Invalid Form Body", errors: t}
}

// invalid is an Invalid Form Body with one fault.
func invalid(path, code, message string) error {
	t := &tree{}
	t.add(path, code, message)
	return t.fault()
}

// size adds the fault of a text that is too short or too long, in runes.
func (t *tree) size(path, text string, least, most int) {
	n := len([]rune(text))
	switch {
	case n > most:
		t.add(path, "BASE_TYPE_MAX_LENGTH", "Must be "+strconv.Itoa(most)+" or fewer in length.")
	case n < least && n == 0:
		t.add(path, "BASE_TYPE_REQUIRED", "This field is required")
	case n < least:
		t.add(path, "BASE_TYPE_BAD_LENGTH", "Must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+" in length.")
	}
}

// most adds the fault of a list that is too long.
func (t *tree) most(path string, n, most int) {
	if n > most {
		t.add(path, "BASE_TYPE_MAX_LENGTH", "Must be "+strconv.Itoa(most)+" or fewer in length.")
	}
}
