package wire

import "github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"

// FailureType is why X did not carry a message on.
type FailureType int32

// The types of failure, as X's SDK numbers them.
const (
	EmptyDetail FailureType = iota + 1
	InternalError
	ContentsTooLarge
	TooManyMessages
	InvalidSenderSignature
	NonLatestKeyVersion
	RecipientNotTrusted
	RecipientKeyChanged
	OnlyEncryptedAllowed
	RequesterNotAdmin
	FlaggedAsSpam
	RateLimitUpsell
	SignatureNotVerified
	GenericError
	SenderNotGroupMember
	InvalidSignatureVersion
	InvalidPINRequest
	TooManyPins
)

func readFailure(d *thrift.Decoder) Failure {
	var got Failure
	d.Fields(func(f thrift.Field) {
		if f.Is(1, thrift.I32) {
			got.Type = FailureType(d.I32())
		}
	})
	return got
}

func (w Failure) write(e *thrift.Encoder) {
	e.Struct(dtFailure, func() { e.I32(1, int32(w.Type)) })
}
