package wire

import (
	"strconv"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// Preview is what a reply says of the message that it answers. Its writer may have made it up: Original proves it, once its
// own signature is verified. Readers hold each of Attachments against all fields of the original's, also those that an
// Attachment leaves out; so whoever quotes what others wrote does best with none.
type Preview struct {
	Sender      string // user ID; empty: it does not say
	Text        string
	Entities    []Entity
	Attachments []Attachment
	Sequence    Sequence
	ID          string  // of the message; empty: it does not say
	Original    *Event  // as its writer signed it; nil: there is no proof
	Edited      *Event  // the edit that Text comes from; nil: the original
	KeyChanges  []Event // with the keys of those two, where they are not the reply's
}

// The fields of a preview.
const (
	pvSender, pvText, pvEntities, pvAttachments, pvSequence, pvID, pvOriginal, pvEdited, pvKeyChanges = 1, 2, 3, 4, 6, 7, 8, 9, 10
)

func readPreview(d *thrift.Decoder) *Preview {
	var p Preview
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(pvSender, thrift.I64):
			p.Sender = strconv.FormatInt(d.I64(), 10)
		case f.Is(pvText, thrift.Binary):
			p.Text = d.Text()
		case f.Is(pvEntities, thrift.List):
			p.Entities = readEntities(d)
		case f.Is(pvAttachments, thrift.List):
			p.Attachments = readAttachments(d)
		case f.Is(pvSequence, thrift.Binary):
			p.Sequence = ParseSequence(d.Text())
		case f.Is(pvID, thrift.Binary):
			p.ID = d.Text()
		case f.Is(pvOriginal, thrift.Struct):
			p.Original = new(readEvent(d))
		case f.Is(pvEdited, thrift.Struct):
			p.Edited = new(readEvent(d))
		case f.Is(pvKeyChanges, thrift.List):
			d.List(thrift.Struct, func() { p.KeyChanges = append(p.KeyChanges, readEvent(d)) })
		}
	})
	return &p
}

func (p *Preview) fields(e *thrift.Encoder) {
	if n, err := strconv.ParseInt(p.Sender, 10, 64); err == nil {
		e.I64(pvSender, n)
	}
	e.Text(pvText, p.Text)
	writeEntities(e, pvEntities, p.Entities)
	writeAttachments(e, pvAttachments, p.Attachments)
	text(e, pvSequence, p.Sequence.String())
	text(e, pvID, p.ID)
	if p.Original != nil {
		e.Raw(pvOriginal, p.Original.bytes())
	}
	if p.Edited != nil {
		e.Raw(pvEdited, p.Edited.bytes())
	}
	if len(p.KeyChanges) > 0 {
		all := make([][]byte, len(p.KeyChanges))
		for i, ev := range p.KeyChanges {
			all[i] = ev.bytes()
		}
		e.Raws(pvKeyChanges, all)
	}
}
