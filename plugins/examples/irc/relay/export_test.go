package relay

import "time"

// Bucket is the bucket that paces what is written.
type Bucket struct{ b *bucket }

// NewBucket makes a full one.
func NewBucket(every float64, burst int) Bucket { return Bucket{newBucket(pace{every, burst})} }

// Take takes one out.
func (b Bucket) Take(now time.Time) time.Duration { return b.b.take(now) }
