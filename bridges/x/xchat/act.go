package xchat

import "github.com/roost-im/roost/bridges/x/xchat/wire"

// ChangeGroup signs a change of a group that gives it no new key: who leaves or is an admin, or its name. id is the
// action's own.
func (a Author) ChangeGroup(id, group string, change wire.GroupChange) (Action, error) {
	return a.act(id, group, change, nil)
}
