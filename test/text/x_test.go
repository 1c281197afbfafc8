package text_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// onX is a brand and a person who writes to it.
func onX(t *testing.T) *side {
	t.Helper()
	sim := xsim.New(xsim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	sim.SetLimits(xsim.Limits{Unlimited: true})
	brand := sim.AddUser(xsim.User{Name: "Acme Tea", Username: "acmetea"}).ID
	ann := sim.AddUser(xsim.User{Name: "Ann", Username: "ann"}).ID
	tokens := sim.Tokens(brand)
	const account = chat.Account("x/acme")
	login, err := json.Marshal(map[string]any{"access": tokens.Access, "refresh": tokens.Refresh, "expires": time.Now().Add(2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	keep := &bridgetest.Keeper{}
	if err := keep.Keep(t.Context(), "token", login); err != nil {
		t.Fatal(err)
	}
	conn, err := x.New(x.Config{
		ClientID: "sim-client-id", ClientSecret: bridges.NewSecret("sim-client-secret"), BearerToken: bridges.NewSecret("sim-app-bearer"),
		APIURL: sim.URL(), AuthURL: sim.URL() + "/i/oauth2/authorize", Receive: x.Stream,
	}, bridges.Deps{Account: account, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	return &side{
		name: "x", to: []chat.Conversation{{Account: account, ID: chat.ConversationID(ann)}}, conn: conn,
		say: func(t *testing.T, typed string) chat.MessageID {
			t.Helper()
			return chat.MessageID(sim.Say(ann, brand, xsim.Draft{Text: strings.ReplaceAll(typed, "{person}", ann)}))
		},
		held: func(t *testing.T, at chat.Ref) (message, bool) {
			t.Helper()
			for _, dm := range sim.Conversation(brand, ann) {
				if dm.ID == string(at.Message) {
					return message{wire: dm.Text, reads: dm.Text}, true // X notifies nobody of who is named in a direct message
				}
			}
			return message{}, false
		},
	}
}
