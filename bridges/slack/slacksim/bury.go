package slacksim

import "fmt"

// DeleteFile removes a file, as its owner does: a tombstone stays in its messages, and its bytes are gone.
func (s *Sim) DeleteFile(id string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	f := s.w.files[id]
	if f == nil || f.deleted {
		return fmt.Errorf("%w: %s", ErrNoFile, id)
	}
	s.w.bury(f)
	s.w.emit("", obj{"type": "file_deleted", "file_id": id, "event_ts": s.w.stamp()})
	s.w.bump()
	return nil
}

// bury leaves a tombstone of a deleted file in every message that held it.
func (w *world) bury(f *file) {
	f.deleted, f.data, f.Mode = true, nil, "tombstone"
	for _, ch := range w.channels {
		for _, m := range ch.messages {
			for i, held := range m.Files {
				if held.ID == f.ID {
					m.Files[i] = &wireFile{ID: f.ID, Mode: "tombstone", Created: f.Created, Timestamp: f.Timestamp}
				}
			}
		}
	}
}

// DeleteThread deletes a message and all its replies, whoever wrote them, as an owner of the workspace can. A reply to it stands
// in the channel from then on.
func (s *Sim) DeleteThread(channel, ts string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, root, err := s.w.at(channel, ts)
	if err != nil {
		return err
	}
	for _, m := range ch.replies(root.TS) {
		s.w.erase(ch, m)
	}
	s.w.erase(ch, root)
	return nil
}
