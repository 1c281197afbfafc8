package discordsim

import (
	"bytes"
	"compress/zlib"

	"github.com/coder/websocket"
)

// packer compresses what a socket is sent. https://docs.discord.com/developers/events/gateway#encoding-and-compression
type packer struct {
	transport string
	buf       *bytes.Buffer // of zlib-stream
	zip       *zlib.Writer
	started   bool // of zstd-stream
}

func newPacker(transport string) packer {
	p := packer{transport: transport}
	if transport == "zlib-stream" {
		p.buf = new(bytes.Buffer)
		p.zip = zlib.NewWriter(p.buf)
	}
	return p
}

const (
	worthwhile = 512 // bytes from which a payload is compressed on its own
	zstdBlock  = 1 << 17
)

// pack makes a WebSocket message of a payload. single asks for payload compression, which zlib-stream and zstd-stream override.
func (p *packer) pack(payload []byte, single bool) (websocket.MessageType, []byte, error) {
	switch {
	case p.zip != nil:
		p.buf.Reset()
		if _, err := p.zip.Write(payload); err != nil {
			return 0, nil, err
		}
		if err := p.zip.Flush(); err != nil { // ends with 00 00 ff ff
			return 0, nil, err
		}
		return websocket.MessageBinary, bytes.Clone(p.buf.Bytes()), nil
	case p.transport == "zstd-stream":
		return websocket.MessageBinary, p.zstd(payload), nil
	case single && len(payload) >= worthwhile:
		var out bytes.Buffer
		zip := zlib.NewWriter(&out)
		if _, err := zip.Write(payload); err != nil {
			return 0, nil, err
		}
		if err := zip.Close(); err != nil {
			return 0, nil, err
		}
		return websocket.MessageBinary, out.Bytes(), nil
	default:
		return websocket.MessageText, payload, nil
	}
}

// zstd writes blocks that are not compressed into one frame that never ends: valid for every decoder and enough for loopback.
// https://www.rfc-editor.org/rfc/rfc8878#name-zstandard-frames
func (p *packer) zstd(payload []byte) []byte {
	var out []byte
	if !p.started {
		p.started = true
		out = append(out, 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38) // magic, no options, a window of 128 KiB
	}
	for len(payload) > 0 {
		n := min(len(payload), zstdBlock)
		head := n << 3                                               // not the last, raw
		out = append(out, byte(head), byte(head>>8), byte(head>>16)) //nolint:gosec // three bytes, the lowest first
		out = append(out, payload[:n]...)
		payload = payload[n:]
	}
	return out
}
