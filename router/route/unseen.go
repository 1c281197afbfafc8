package route

import "github.com/roost-im/roost/router/chat"

// unseen plans what follows when an edit was meant for a copy that there never was, or that is no longer known: what stands
// for an edit where there is no editing is then a copy like any other. Where there was a copy, somebody has taken it away, and
// nothing follows.
func unseen(d chat.Delivery, a chat.Edit, gone bool, mem Memory) (res Result, mine bool, err error) {
	if !gone || a.Else == nil || d.Of.IsZero() {
		return res, false, nil
	}
	at, err := chat.ParseConversation(string(d.Lane))
	if err != nil || d.Of.Conversation.Place() == at.Place() {
		return res, false, err
	}
	if n, err := mem.Parts(d.Of, at); err != nil || n > 0 {
		return res, false, err
	}
	thread, err := behind(d.Of, at, mem)
	if err != nil {
		return res, false, err
	}
	post := *a.Else
	post.Key, post.To = "", at
	res.Deliveries = []chat.Delivery{{
		Lane: d.Lane, Purpose: Purpose, Source: d.Of, Answers: d.Answers, Within: thread, Loose: true, Action: post,
	}}
	return res, true, nil
}

// behind is the thread whose twin in another conversation a message belongs in; zero where there is none.
func behind(of chat.Ref, at chat.Conversation, mem Memory) (chat.Ref, error) {
	thread := of.Conversation.ThreadRef()
	if thread.IsZero() || at.Thread != "" {
		return chat.Ref{}, nil
	}
	kin, err := mem.Family(thread)
	if err != nil {
		return chat.Ref{}, err
	}
	twin, err := mem.Twin(kin.Original, at)
	if twin == Asked || twin == Opened || twin == Missing && kin.Original.Conversation.Place() == at {
		return kin.Original, err
	}
	return chat.Ref{}, err
}
