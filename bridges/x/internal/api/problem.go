package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// problem is what X answers when it refuses, in all of its shapes.
type problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Param   string `json:"parameter"`
	Value   string `json:"value"`
	Errors  []struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Detail  string `json:"detail"`
		Param   string `json:"parameter"`
		Value   string `json:"value"`
	} `json:"errors"`
}

// refused is the error of a call that X answered with anything but success.
func (a *Client) refused(r Request, who identity, resp *http.Response) error {
	var p problem
	body, _ := io.ReadAll(io.LimitReader(resp.Body, mostFault))
	_ = json.Unmarshal(body, &p) // a refusal in no shape that we know is told by its status alone
	e := &chat.Error{Op: r.Op, Err: &statusError{status: resp.StatusCode, said: bridges.Redact(p.said(), a.Secrets()...)}}
	switch s := resp.StatusCode; {
	case p.spent(), s == http.StatusPaymentRequired:
		e.Kind, e.Reason = chat.Unfunded, "the X account has no credit left, or reached its spending cap"
	case s == http.StatusTooManyRequests:
		e.Kind, e.Scope = chat.Throttled, chat.ThisAccount
		e.Wait = waitFor(resp.Header, a.now())
	case s == http.StatusUnauthorized:
		e.Kind, e.Reason = chat.LoggedOut, "X does not accept the "+who.name()+"; "+who.mend()
	case s == http.StatusForbidden && p.barred():
		e.Kind, e.Reason = chat.LoggedOut, "X does not let the app do this with its "+who.name()+"; check the app's permissions, then "+who.mend()
	case s == http.StatusForbidden:
		e.Kind, e.Reason = chat.Refused, p.reason("X does not allow it")
	case s == http.StatusNotFound, s == http.StatusGone:
		e.Kind, e.Reason = chat.Gone, "X does not know this person or conversation any more"
	case s == http.StatusRequestTimeout, s >= 500, s < 400:
		e.Kind = chat.Transient
		if r.Writes && s >= 500 {
			e.Kind = chat.Uncertain
		}
	default:
		e.Kind, e.Reason = chat.Refused, p.reason("X did not accept the request")
	}
	return e
}

// statusError is an answer that was no success.
type statusError struct {
	status int
	said   string // X's own words
}

// Error is the status and X's words.
func (e *statusError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("status %d", e.status)
	}
	return fmt.Sprintf("status %d: %s", e.status, e.said)
}

// StatusOf is the status that X refused with; 0 when it did not answer.
func StatusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return 0
}

// said is X's own words, shortened.
func (p problem) said() string {
	words := []string{p.Title, p.Detail, p.Message, p.Param, p.Value}
	for _, e := range p.Errors {
		words = append(words, e.Message, e.Detail, e.Param, e.Value)
	}
	var told []string
	for _, w := range words {
		if w != "" && (len(told) == 0 || told[len(told)-1] != w) {
			told = append(told, w)
		}
	}
	const most = 300
	s := strings.ToValidUTF8(strings.Join(told, ": "), "")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}

// spent says whether money is what is missing, whatever the status.
func (p problem) spent() bool {
	return strings.HasSuffix(p.Type, "/problems/credits") || strings.HasSuffix(p.Type, "/problems/usage-capped") ||
		p.Title == "CreditsDepleted" || p.Title == "SpendCapReached" || p.Title == "UsageCapExceeded"
}

// barred says whether the app lacks a permission, which no other message would have either.
func (p problem) barred() bool {
	for _, end := range []string{"oauth1-permissions", "unsupported-authentication", "client-forbidden", "client-not-enrolled", "insufficient-scope"} {
		if strings.HasSuffix(p.Type, "/problems/"+end) {
			return true
		}
	}
	switch p.code() {
	case 64, 326, 416, 453: // suspended, locked, app suspended, access level
		return true
	}
	return false
}

// code is the number that X gave, if it gave one.
func (p problem) code() int {
	for _, e := range p.Errors {
		if e.Code != 0 {
			return e.Code
		}
	}
	return p.Code
}

// refusal is one way in which X says no to a message.
type refusal struct {
	codes  []int    // X's numbers for it, of the older API
	words  []string // what its sentence has in it, in lower case
	reason string   // in plain words
}

// OnlyEncrypted is why X refuses a classic message to somebody who takes encrypted ones only.
const OnlyEncrypted = "this person only takes encrypted messages"

// refusals are the ways that we know; the first one that fits counts.
// https://docs.x.com/x-api/fundamentals/response-codes-and-errors
func refusals() []refusal {
	return []refusal{
		{nil, []string{"only_encrypted_messages_allowed", "only encrypted"}, OnlyEncrypted},
		{[]int{136}, []string{"blocked"}, "this person has blocked the account"},
		{[]int{150}, []string{"not following you", "not follow"}, "this person only takes messages from accounts that they follow"},
		{
			[]int{151, 349},
			[]string{"permission to dm", "cannot send messages to this user", "cannot send direct messages"},
			"this person doesn't take messages from the account",
		},
		{[]int{476}, []string{"message requests"}, "this person only takes messages from verified accounts"},
		{[]int{226}, []string{"automated"}, "X took the message for spam"},
		{[]int{187}, []string{"duplicate"}, "X refuses a text that it was sent just before"},
		{[]int{354}, []string{"too long"}, "the message is too long for X"},
		{[]int{324}, []string{"media"}, "X does not accept the attachment"},
		{nil, []string{"suspended"}, "this person's account is suspended"},
		{nil, []string{"not found", "not exist"}, "X does not know this person or conversation"},
	}
}

// reason is why X refused a message; otherwise is for what we don't know.
func (p problem) reason(otherwise string) string {
	code, said := p.code(), strings.ToLower(p.said())
	for _, r := range refusals() {
		if slices.Contains(r.codes, code) || slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(said, w) }) {
			return r.reason
		}
	}
	return otherwise
}

// waitFor is how long a refusal asks to wait, by X's own clock where it tells it.
func waitFor(h http.Header, now time.Time) time.Duration {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		now = t
	}
	var until time.Time
	for _, a := range Allowances(h) {
		if a.Remaining == 0 && a.Reset.After(until) {
			until = a.Reset
		}
	}
	if until.IsZero() {
		until = bareReset(h)
	}
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s > 0 {
		until = later(until, now.Add(time.Duration(min(s, 24*60*60))*time.Second))
	}
	if !until.After(now) {
		return time.Minute // refused, and no word about when it is over
	}
	return min(until.Sub(now)+time.Second, 24*time.Hour)
}

// bareReset is when a limit ends of which X tells nothing else, as when no more keys are registered today.
func bareReset(h http.Header) (until time.Time) {
	for _, prefix := range limitHeaders() {
		if h.Get(prefix+"remaining") != "" {
			continue
		}
		if reset, err := strconv.ParseInt(h.Get(prefix+"reset"), 10, 64); err == nil {
			until = later(until, time.Unix(reset, 0))
		}
	}
	return until
}

// limitHeaders are how the names of headers begin that tell of limits.
func limitHeaders() []string {
	return []string{"x-rate-limit-", "x-user-limit-24hour-", "x-app-limit-24hour-"}
}

// Allowances is what the headers tell about limits: of the 15-minute window, and of 24 hours where there is one.
// https://docs.x.com/x-api/fundamentals/rate-limits
func Allowances(h http.Header) []chat.Allowance {
	var all []chat.Allowance
	for _, prefix := range limitHeaders() {
		left, err := strconv.Atoi(h.Get(prefix + "remaining"))
		if err != nil {
			continue
		}
		reset, err := strconv.ParseInt(h.Get(prefix+"reset"), 10, 64)
		if err != nil {
			continue
		}
		all = append(all, chat.Allowance{Scope: chat.ThisAccount, Remaining: max(left, 0), Reset: time.Unix(reset, 0).UTC()})
	}
	return all
}

// later is the later one of two instants.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
