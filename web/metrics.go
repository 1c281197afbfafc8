package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
)

// Metrics counts the steps of trips. No label names a person or a conversation.
type Metrics struct {
	events     *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	wait       prometheus.Histogram
}

// NewMetrics registers the metrics with reg, and one that says for each account whether it is up.
func NewMetrics(reg prometheus.Registerer, status func() []router.AccountStatus) *Metrics {
	m := &Metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roost_events_total", Help: "Events admitted.",
		}, []string{"account", "kind"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roost_deliveries_total", Help: "Tries of deliveries by how they ended.",
		}, []string{"account", "action", "outcome"}),
		wait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "roost_lane_wait_seconds", Help: "From a delivery's admission to its being sent.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}),
	}
	reg.MustRegister(m.events, m.deliveries, m.wait, up{status})
	return m
}

// Watch counts one step; it is a router.Config.Watch.
func (m *Metrics) Watch(s router.Step) {
	if s.Event != nil && s.What == router.Admitted {
		m.events.WithLabelValues(string(s.Event.Conversation.Account), chat.HappeningName(s.Event.What)).Inc()
	}
	if d := s.Delivery; d != nil {
		m.deliveries.WithLabelValues(string(d.Action.Target().Account), chat.ActionName(d.Action), s.What).Inc()
		if d.State == chat.Sent {
			m.wait.Observe(s.At.Sub(d.Admitted).Seconds())
		}
	}
}

// up asks how the accounts are whenever metrics are read.
type up struct{ status func() []router.AccountStatus }

func (up) desc() *prometheus.Desc {
	return prometheus.NewDesc("roost_connector_up", "Whether an account's connector runs.", []string{"account"}, nil)
}

// Describe implements prometheus.Collector.
func (u up) Describe(ch chan<- *prometheus.Desc) { ch <- u.desc() }

// Collect implements prometheus.Collector.
func (u up) Collect(ch chan<- prometheus.Metric) {
	for _, s := range u.status() {
		v := 0.0
		if s.Up {
			v = 1
		}
		ch <- prometheus.MustNewConstMetric(u.desc(), prometheus.GaugeValue, v, string(s.Account))
	}
}
