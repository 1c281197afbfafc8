package xsim

import (
	"net/http"
	"slices"
	"time"
)

// stream is one open connection to the activity stream.
type stream struct {
	id     string
	ip     string
	queue  chan []byte
	ended  chan struct{} // closed when the stream is to end
	why    string        // set before ended is closed
	from   time.Time
	closed time.Time
}

const (
	maxStreams   = 2
	maxFinished  = 100
	endpointName = "activity_stream"
)

func streamRoutes() []route {
	app := []AuthKind{AppOnly}
	return []route{
		{name: ActivityStream, auth: app, handle: openStream},
		{name: ListConnections, auth: app, handle: listConnections},
		{name: CloseConnections, auth: app, handle: closeConnections},
		{name: CloseAllConnections, auth: app, handle: closeAllConnections},
		{name: CloseEndpoint, auth: app, handle: closeEndpoint},
		{name: Usage, auth: app, handle: usage},
	}
}

// DropStreams cuts every open stream without a word.
func (s *Sim) DropStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range slices.Clone(s.streams) {
		s.endStream(st, "dropped")
	}
}

// RefuseStreams answers 503 to everyone who wants a stream, until it is called with false.
func (s *Sim) RefuseStreams(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = on
}

// push queues an event for a stream; one that reads too slowly is marked to end. mu is held.
func (st *stream) push(d *delivery) {
	select {
	case st.queue <- append(slices.Clip(d.body), "\r\n"...):
	default:
		st.end("read too slowly")
	}
}

func (st *stream) end(why string) {
	select {
	case <-st.ended:
	default:
		st.why = why
		close(st.ended)
	}
}

// endStream takes a stream off the list; mu is held.
func (s *Sim) endStream(st *stream, why string) {
	i := slices.Index(s.streams, st)
	if i < 0 {
		return
	}
	st.end(why)
	st.closed = s.cfg.Now()
	s.streams = slices.Delete(s.streams, i, i+1)
	s.finished = append(s.finished, st)
	if len(s.finished) > maxFinished {
		s.finished = s.finished[1:]
	}
	s.bump()
}

func openStream(c *call) (reply, error) {
	p, err := c.query("backfill_minutes", "start_time", "end_time")
	if err != nil {
		return reply{}, err
	}
	back, err := p.number("backfill_minutes", 0, 5, 0)
	if err != nil {
		return reply{}, err
	}
	from, to, err := p.span(c.cfg.Now(), time.Duration(back)*time.Minute)
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusing {
		return reply{}, blank(http.StatusServiceUnavailable, "Service Unavailable")
	}
	if len(c.streams) >= maxStreams {
		return reply{}, &problem{
			Title: "ConnectionException", Detail: "There are as many connections to this stream as the app may have.",
			Type: problems + "streaming-connection", Status: http.StatusTooManyRequests, Connection: "TooManyConnections",
		}
	}
	st := &stream{
		id: secret(16), ip: "127.0.0.1", queue: make(chan []byte, c.cfg.StreamRoom), ended: make(chan struct{}), from: c.cfg.Now(),
	}
	for _, d := range c.history {
		if !d.at.Before(from) && !d.at.After(to) && !slices.Contains(c.held, d) {
			st.push(d)
		}
	}
	c.streams = append(c.streams, st)
	c.bump()
	return reply{status: http.StatusOK, kind: "application/json; charset=utf-8", stream: func() { c.run(st) }}, nil
}

// span reads from when on the stream tells what has already happened.
func (p params) span(now time.Time, back time.Duration) (from, to time.Time, err error) {
	from, to = now.Add(-back), now
	if back == 0 {
		from = now.Add(1) // nothing
	}
	for name, at := range map[string]*time.Time{"start_time": &from, "end_time": &to} {
		raw, told := p.Values[name]
		if !told {
			continue
		}
		*at, err = time.Parse(time.RFC3339, raw[0])
		if err != nil {
			return from, to, invalid(name, raw[0], "The value has to be a time like 2026-01-02T15:04:05Z.")
		}
	}
	return from, to, nil
}

// run writes a stream until it ends.
func (c *call) run(st *stream) {
	out := http.NewResponseController(c.w)
	_ = out.Flush()
	alive := time.NewTicker(c.cfg.KeepAlive)
	defer alive.Stop()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.endStream(st, "client disconnected")
	}()
	for {
		line := []byte("\r\n")
		select {
		case line = <-st.queue:
		case <-alive.C:
		case <-st.ended:
			panic(http.ErrAbortHandler) // cut, not ended
		case <-c.r.Context().Done():
			return
		case <-c.done:
			return
		}
		if _, err := c.w.Write(line); err != nil {
			return
		}
		if len(st.queue) == 0 && out.Flush() != nil {
			return
		}
	}
}

// connection is a stream as the connection calls tell it.
func (st *stream) connection() object {
	out := object{"id": st.id, "endpoint_name": endpointName, "connected_at": stamp(st.from), "client_ip": st.ip}
	if !st.closed.IsZero() {
		out["disconnected_at"] = stamp(st.closed)
		out["disconnect_reason"] = st.why
	}
	return out
}

func listConnections(c *call) (reply, error) {
	p, err := c.query("status", "endpoints", "max_results", "pagination_token", "connection.fields")
	if err != nil {
		return reply{}, err
	}
	most, err := p.number("max_results", 1, 100, 10)
	if err != nil {
		return reply{}, err
	}
	status := p.Get("status")
	if status == "" {
		status = "active"
	}
	if !slices.Contains([]string{"active", "inactive", "all"}, status) {
		return reply{}, invalid("status", status, "The status has to be active, inactive or all.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []object
	if status != "inactive" {
		for _, st := range c.streams {
			rows = append(rows, st.connection())
		}
	}
	if status != "active" {
		for _, st := range slices.Backward(c.finished) {
			rows = append(rows, st.connection())
		}
	}
	rows = rows[:min(most, len(rows))]
	out := object{"meta": object{"result_count": len(rows)}}
	if rows != nil {
		out["data"] = rows
	}
	return ok(out)
}

func closeConnections(c *call) (reply, error) {
	var body struct {
		IDs []string `json:"uuids"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if len(body.IDs) < 1 || len(body.IDs) > 100 {
		return reply{}, invalid("uuids", "", "There have to be 1 to 100 values.")
	}
	return c.kill(body.IDs)
}

func closeAllConnections(c *call) (reply, error) { return c.kill(c.openIDs()) }

func closeEndpoint(c *call) (reply, error) {
	if c.r.PathValue("endpoint_id") != endpointName {
		return c.kill(nil)
	}
	return c.kill(c.openIDs())
}

func (c *call) openIDs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for _, st := range c.streams {
		ids = append(ids, st.id)
	}
	return ids
}

// kill ends streams by their ids.
func (c *call) kill(ids []string) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	results, failed := []object{}, 0
	for _, id := range ids {
		i := slices.IndexFunc(c.streams, func(st *stream) bool { return st.id == id })
		if i < 0 {
			failed++
			results = append(results, object{"uuid": id, "success": false, "error_message": "There is no such connection."})
			continue
		}
		c.endStream(c.streams[i], "killed by the app")
		results = append(results, object{"uuid": id, "success": true})
	}
	return data(object{"successful_kills": len(ids) - failed, "failed_kills": failed, "results": results})
}

func usage(c *call) (reply, error) {
	if _, err := c.query("days", "usage.fields"); err != nil {
		return reply{}, err
	}
	return data(object{"cap_reset_day": 1, "project_cap": "2000000", "project_id": "1", "project_usage": "0"})
}
