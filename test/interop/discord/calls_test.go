package interop_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

const typing = "POST /channels/{}/typing"

// forCalls starts a Discord that enforces its limits and throttles typing once.
func forCalls(t *testing.T) *discordsim.Sim {
	t.Helper()
	sim := setup(t)
	sim.Limit(true)
	sim.Fail(typing, discordsim.Fault{Times: 1, Throttle: 300 * time.Millisecond})
	return sim
}

// called checks what a client left behind that did all that the scripts for calls do: ids are those of the message, the post and the
// thread that it made; alt is the first file's text for those who do not see it, which not every library sends.
func called(t *testing.T, sim *discordsim.Sim, ids []string, alt string) {
	t.Helper()
	posted, _ := sim.Message(general, ids[0])
	if posted.Content != "changed" || !posted.Edited || !posted.Pinned || posted.Thread != ids[2] || len(posted.Pings) != 0 ||
		len(posted.Reactions) != 1 || posted.Reactions[0].Emoji != "👀" {
		t.Errorf("the post is %+v", posted)
	}
	find := func(channel, text string) discordsim.Message {
		all := sim.Messages(channel)
		i := slices.IndexFunc(all, func(m discordsim.Message) bool { return m.Content == text })
		if i < 0 {
			t.Errorf("%q is not in %s", text, said(all))
			return discordsim.Message{}
		}
		return all[i]
	}
	if m := find(general, "reply"); m.ReplyTo != posted.ID || len(m.Pings) != 0 {
		t.Errorf("the reply is %+v", m)
	}
	if m := find(general, "files"); len(m.Attachments) != 2 || string(m.Attachments[0].Data) != "alpha" || m.Attachments[0].Alt != alt ||
		!m.Attachments[1].Spoiler || string(m.Attachments[1].Data) != "beta" {
		t.Errorf("the message with files is %+v", m)
	}
	if !slices.ContainsFunc(sim.Messages(general), func(m discordsim.Message) bool { return strings.Contains(string(m.Embeds), `"Case"`) }) {
		t.Error("the embed is missing")
	}
	if m := find(general, "gone"); !m.Deleted {
		t.Errorf("the deleted message is %+v", m)
	}
	if m := find(general, "hooked again"); m.AuthorName != "Ada on X" || m.AvatarURL != "https://example.com/a.png" || m.Webhook == "" || !m.Edited {
		t.Errorf("the webhook's message is %+v", m)
	}
	if m := find(ids[2], "inside"); !m.Deleted {
		t.Errorf("the webhook's message in the thread is %+v", m)
	}
	if m := find(ids[2], "stays inside"); len(m.Attachments) != 1 {
		t.Errorf("the webhook's file in the thread is %+v", m)
	}
	find(sim.DM(ada), "private")
	inForum(t, sim, ids[1])
	limits(t, sim)
}

// inForum checks the post that was opened, renamed, marked and closed.
func inForum(t *testing.T, sim *discordsim.Sim, id string) {
	t.Helper()
	posts, channels := sim.Threads(support), sim.Channels()
	forum := channels[slices.IndexFunc(channels, func(c discordsim.Channel) bool { return c.ID == support })]
	if len(posts) != 1 || posts[0].ID != id || posts[0].Name != "Case 1 ✔" || !posts[0].Locked || !posts[0].Archived ||
		!slices.Equal(posts[0].Applied, forum.TagIDs[1:]) {
		t.Errorf("the posts are %+v", posts)
	}
	if texts := said(sim.Messages(id)); !strings.Contains(texts, "first") || !strings.Contains(texts, "second") {
		t.Errorf("in the post stands %s", texts)
	}
}

// limits checks that the client kept to the headers, but for the first call of a route that it may try before it knows its bucket, and
// that it came again after the planned limit.
func limits(t *testing.T, sim *discordsim.Sim) {
	t.Helper()
	refused := map[string]int{}
	for _, r := range sim.Requests() {
		if r.Status == http.StatusTooManyRequests {
			refused[r.Route]++
		}
	}
	for route, times := range refused {
		if times > 1 {
			t.Errorf("%s was answered 429 %d times: the client did not keep to the headers", route, times)
		}
	}
	tries := sim.Calls(typing)
	if len(tries) != 2 || tries[0].Status != http.StatusTooManyRequests || tries[1].Status != http.StatusNoContent || tries[1].At.Sub(tries[0].At) < 300*time.Millisecond {
		t.Errorf("typing was called so: %+v", tries)
	}
}
