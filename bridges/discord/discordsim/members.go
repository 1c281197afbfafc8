package discordsim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// membersAsked is the data of op 8.
type membersAsked struct {
	Guild json.RawMessage `json:"guild_id"`
	Query *string         `json:"query"`
	Limit int             `json:"limit"`
	Users json.RawMessage `json:"user_ids"`
	Nonce any             `json:"nonce"`
}

const maxChunk = 100 // members of a chunk when not all are asked for

// sendMembers answers op 8 in one chunk.
// https://docs.discord.com/developers/events/gateway-events#request-guild-members
func (w *world) sendMembers(so *socket, data json.RawMessage) {
	var ask membersAsked
	if json.Unmarshal(data, &ask) != nil {
		so.end(closeDecode, "Error while decoding payload.")
		return
	}
	ids := flakes(ask.Guild)
	if len(ids) != 1 || w.guilds[ids[0]] == nil || !w.guilds[ids[0]].bot {
		return
	}
	most := maxChunk
	if ask.all() {
		if so.session.intents&IntentMembers == 0 {
			so.end(closeDisallowed, "Disallowed intent(s).")
			return
		}
		most = len(w.users)
	}
	out := w.chunk(w.guilds[ids[0]], &ask, most)
	if nonce, ok := ask.Nonce.(string); ok && len(nonce) <= 32 {
		out["nonce"] = nonce
	}
	w.deliver(so.session, frame{name: "GUILD_MEMBERS_CHUNK", data: mustJSON(out)})
}

// all says whether every member is asked for.
func (ask *membersAsked) all() bool { return ask.Query != nil && *ask.Query == "" && ask.Limit == 0 }

// chunk lists the members that were asked for.
func (w *world) chunk(g *guild, ask *membersAsked, most int) obj {
	wanted := flakes(ask.Users)
	found, missing := []obj{}, []string{}
	for _, m := range g.members {
		if len(found) < most && w.asked(ask, wanted, m.user) {
			found = append(found, w.wireMember(g, m.user))
		}
	}
	for _, id := range wanted {
		if !g.has(id) {
			missing = append(missing, id)
		}
	}
	return obj{"guild_id": g.ID, "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": missing}
}

// asked says whether a member is among those wanted, or has a name that begins as the query does.
func (w *world) asked(ask *membersAsked, wanted []string, user string) bool {
	if len(wanted) > 0 {
		return slices.Contains(wanted, user)
	}
	return ask.Query != nil && strings.HasPrefix(w.users[user].Name, strings.ToLower(*ask.Query))
}

// flakes reads one snowflake or an array of them, as text or numbers.
func flakes(raw json.RawMessage) []string {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	var many []snowflake
	_ = json.Unmarshal(raw, &many) // what is none names nobody
	var out []string
	for _, id := range many {
		out = append(out, string(id))
	}
	return out
}
