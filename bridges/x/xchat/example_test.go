package xchat_test

import (
	"encoding/base64"
	"fmt"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// Keys are made once. What is registered at X is their public side; what is kept is their blob.
func ExampleNewKeys() {
	keys, err := xchat.NewKeys()
	if err != nil {
		fmt.Println(err)
		return
	}
	registration, err := keys.Registration("1700000000000")
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := xchat.ParseBlob(keys.Blob())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(keys, registration.PublicKey.Method, again.Public().Same(keys.Public()))
	// Output: xchat keys CustomPin true
}

// pair is Alice and Bob, who have looked each other up, and a directory of their keys.
func pair() (alice, bob xchat.Author, directory *xchat.Directory) {
	directory = &xchat.Directory{}
	var made [2]xchat.Author
	for i, user := range []string{"1111", "2222"} {
		keys, err := xchat.NewKeys()
		if err != nil {
			panic(err)
		}
		public := keys.Public()
		public.Version = "1" // X's answer to the registration
		directory.Learn(user, []xchat.PublicKeys{public})
		made[i] = xchat.Author{Keys: keys, User: user, Version: "1"}
	}
	return made[0], made[1], directory
}

// carry is what X makes of what Alice posts: an event, which it gives to everybody in the conversation.
func carry(id string, detail wire.Detail, sig wire.Signature) wire.Event {
	return wire.Event{Sequence: 7, ID: id, Sender: "1111", Conversation: "1111:2222", Detail: detail, Signature: sig}
}

// A conversation is given a key, and what is written with it is read by the other one.
func Example() {
	alice, bob, directory := pair()

	// Alice makes a key for both, and posts it: POST /2/chat/conversations/2222/keys.
	a, _ := directory.Latest("1111")
	b, _ := directory.Latest("2222")
	rotation, err := alice.Rotate("change-1", "2222", "1700000000000", []xchat.PublicKeys{a, b})
	if err != nil {
		fmt.Println(err)
		return
	}

	// Bob adopts it.
	detail, _ := wire.ParseDetail(rotation.Actions[0].Detail)
	reader := &xchat.Reader{Keys: bob.Keys, User: "2222", Version: "1", Directory: directory}
	ring := &xchat.Keyring{}
	signed := rotation.Actions[0].Signature
	value, _ := base64.RawStdEncoding.DecodeString(signed.Value)
	change := carry("change-1", detail, wire.Signature{Value: value, KeyVersion: signed.KeyVersion, Version: signed.Version})
	added, err := reader.Adopt(change, ring)
	fmt.Println(added, err, ring)

	// Alice writes, and posts the payload: POST /2/chat/conversations/2222/messages.
	payload, err := alice.Write(xchat.Draft{ID: "message-1", Conversation: "2222", Content: wire.Message{Text: "hello"}}, rotation.Key)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Bob opens it. Nothing but the content itself shows what was written.
	message, _ := wire.ParseMessageCreate(payload.Message)
	sig, _ := wire.ParseSignature(payload.Signature)
	opened, err := reader.Open(carry("message-1", message, sig), ring)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(opened)
	if m, ok := opened.Content.(wire.Message); ok {
		fmt.Println(m.Text)
	}

	// Output:
	// true <nil> keyring of 1
	// opened wire.Message
	// hello
}
