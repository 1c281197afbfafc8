package wire

import "github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"

// GroupKind is what changed in a group, as X numbers it. Signed texts name it.
type GroupKind int16

// The kinds of GroupChange. X has more; they come as Other.
const (
	GroupCreate      GroupKind = 1
	GroupTitle       GroupKind = 2
	GroupAvatar      GroupKind = 3
	GroupAdminAdd    GroupKind = 4
	GroupMemberAdd   GroupKind = 5
	GroupAdminRemove GroupKind = 6
	GroupMemberLeave GroupKind = 7
)

func readGroup(d *thrift.Decoder) Detail {
	var got Detail = Other{Member: dtGroup}
	d.Fields(func(f thrift.Field) {
		if !f.Is(1, thrift.Struct) {
			return
		}
		d.Union(func(f thrift.Field) bool {
			kind := GroupKind(f.ID)
			known := f.Type == thrift.Struct && kind >= GroupCreate && kind <= GroupMemberLeave
			if known {
				got = readGroupChange(d, kind)
			}
			return known
		})
	})
	return got
}

func readGroupChange(d *thrift.Decoder, kind GroupKind) GroupChange {
	g := GroupChange{Kind: kind}
	d.Fields(func(f thrift.Field) {
		switch kind {
		case GroupCreate:
			g.readCreate(d, f)
		case GroupMemberAdd:
			g.readAdd(d, f)
		case GroupTitle, GroupAvatar:
			g.readFace(d, f)
		case GroupAdminAdd, GroupAdminRemove, GroupMemberLeave:
			if f.Is(1, thrift.List) {
				g.Members = readTexts(d)
			}
		}
	})
	return g
}

func (g *GroupChange) readCreate(d *thrift.Decoder, f thrift.Field) {
	switch {
	case f.Is(1, thrift.List):
		g.Members = readTexts(d)
	case f.Is(2, thrift.List):
		g.Admins = readTexts(d)
	case f.Is(3, thrift.Binary):
		g.Title = new(d.Text())
	case f.Is(4, thrift.Binary):
		g.Avatar = new(d.Text())
	case f.Is(5, thrift.Binary):
		g.KeyVersion = d.Text()
	case f.Is(6, thrift.Bool):
		g.Legacy = new(d.Bool())
	case f.Is(7, thrift.I64):
		g.TTL = new(d.I64())
	}
}

func (g *GroupChange) readAdd(d *thrift.Decoder, f thrift.Field) {
	switch {
	case f.Is(1, thrift.List):
		g.Members = readTexts(d)
	case f.Is(2, thrift.List):
		g.Current = readTexts(d)
	case f.Is(3, thrift.List):
		g.Admins = readTexts(d)
	case f.Is(4, thrift.Binary):
		g.Title = new(d.Text())
	case f.Is(5, thrift.Binary):
		g.Avatar = new(d.Text())
	case f.Is(6, thrift.Binary):
		g.KeyVersion = d.Text()
	case f.Is(7, thrift.I64):
		g.TTL = new(d.I64())
	case f.Is(8, thrift.List):
		g.Pending = readTexts(d)
	case f.Is(9, thrift.Bool):
		g.Screen = new(d.Bool())
	case f.Is(11, thrift.Struct):
		g.Invite = readInvite(d)
	}
}

func (g *GroupChange) readFace(d *thrift.Decoder, f thrift.Field) {
	switch {
	case f.Is(1, thrift.Binary) && g.Kind == GroupTitle:
		g.Title = new(d.Text())
	case f.Is(1, thrift.Binary):
		g.Avatar = new(d.Text())
	case f.Is(2, thrift.Binary):
		g.KeyVersion = d.Text()
	}
}

func readInvite(d *thrift.Decoder) *Invite {
	var i Invite
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.I64):
			i.Expires = new(d.I64())
		case f.Is(2, thrift.Binary):
			i.URL = d.Text()
		case f.Is(3, thrift.Binary):
			i.Affiliate = d.Text()
		}
	})
	return &i
}

func (g GroupChange) write(e *thrift.Encoder) {
	e.Struct(dtGroup, func() {
		e.Struct(1, func() { e.Struct(int16(g.Kind), func() { g.fields(e) }) })
		e.Bool(2, false) // not a rotation of ratchet trees; X's SDK says so, too
	})
}

func (g GroupChange) fields(e *thrift.Encoder) {
	switch g.Kind {
	case GroupCreate:
		e.Texts(1, g.Members)
		e.Texts(2, g.Admins)
		some(e, 3, g.Title)
		some(e, 4, g.Avatar)
		e.Text(5, g.KeyVersion)
		if g.Legacy != nil {
			e.Bool(6, *g.Legacy)
		}
		if g.TTL != nil {
			e.I64(7, *g.TTL)
		}
	case GroupMemberAdd:
		g.addFields(e)
	case GroupTitle:
		some(e, 1, g.Title)
		e.Text(2, g.KeyVersion)
	case GroupAvatar:
		some(e, 1, g.Avatar)
		e.Text(2, g.KeyVersion)
	case GroupAdminAdd, GroupAdminRemove, GroupMemberLeave:
		e.Texts(1, g.Members)
	}
}

func (g GroupChange) addFields(e *thrift.Encoder) {
	e.Texts(1, g.Members)
	e.Texts(2, g.Current)
	e.Texts(3, g.Admins)
	some(e, 4, g.Title)
	some(e, 5, g.Avatar)
	e.Text(6, g.KeyVersion)
	if g.TTL != nil {
		e.I64(7, *g.TTL)
	}
	e.Texts(8, g.Pending)
	if g.Screen != nil {
		e.Bool(9, *g.Screen)
	}
	if i := g.Invite; i != nil {
		e.Struct(11, func() {
			if i.Expires != nil {
				e.I64(1, *i.Expires)
			}
			text(e, 2, i.URL)
			text(e, 3, i.Affiliate)
		})
	}
}

// some writes a text that is there.
func some(e *thrift.Encoder, id int16, s *string) {
	if s != nil {
		e.Text(id, *s)
	}
}
