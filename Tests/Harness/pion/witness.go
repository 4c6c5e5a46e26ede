package main

import (
	"bytes"
	"errors"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// witness sees every packet as it leaves decryption, the retransmissions too, which pion keeps to itself.
type witness struct {
	interceptor.NoOp
	lock sync.Mutex
	// SSRC of the pictures.
	main   uint32
	kept   map[uint16]*rtp.Packet
	newest uint16
	// Number of the packet that was asked for again.
	missed *uint16
	report report
}

type report struct {
	ICE        []string `json:"ice"`
	Connection []string `json:"connection"`
	SSRC       uint32   `json:"ssrc"`
	Packets    int      `json:"packets"`
	// Numbers that were left out, and numbers that came a second time or too late.
	Gaps          int      `json:"gaps"`
	Repeats       int      `json:"repeats"`
	SenderReports int      `json:"senderReports"`
	Byes          []uint32 `json:"byes"`
	// NAL units by type.
	Units map[uint8]int `json:"units"`
	// Pictures, by marker, and the RTP times of key frames.
	Pictures  int      `json:"pictures"`
	KeyFrames []uint32 `json:"keyFrames"`
	// What came of the packet that was missed, after it was.
	Retransmissions []retransmission `json:"retransmissions"`
	// Header extensions, by number, as the last packet had them.
	Extensions map[uint8][]byte `json:"extensions"`
}

type retransmission struct {
	// Number of what it repeats.
	Number uint16 `json:"number"`
	// Its own.
	Own         uint16 `json:"own"`
	PayloadType uint8  `json:"payloadType"`
	// Whether time, marker and payload are those of the packet that came before.
	Same bool `json:"same"`
}

func newWitness() *witness {
	return &witness{kept: map[uint16]*rtp.Packet{}, report: report{
		Byes: []uint32{}, Units: map[uint8]int{}, KeyFrames: []uint32{}, Retransmissions: []retransmission{}, Extensions: map[uint8][]byte{}}}
}

// NewInterceptor makes it its own factory: there is one connection.
func (w *witness) NewInterceptor(string) (interceptor.Interceptor, error) { return w, nil }

func (w *witness) BindRemoteStream(info *interceptor.StreamInfo, reader interceptor.RTPReader) interceptor.RTPReader {
	return interceptor.RTPReaderFunc(func(buffer []byte, attributes interceptor.Attributes) (int, interceptor.Attributes, error) {
		count, attributes, err := reader.Read(buffer, attributes)
		if err == nil {
			packet := &rtp.Packet{}
			if packet.Unmarshal(append([]byte{}, buffer[:count]...)) == nil {
				w.take(packet)
			}
		}
		return count, attributes, err
	})
}

func (w *witness) take(packet *rtp.Packet) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.main == 0 && packet.PayloadType == 102 {
		w.main = packet.SSRC
	}
	number := packet.SequenceNumber
	if packet.SSRC != w.main {
		if len(packet.Payload) >= 2 {
			w.again(packet, uint16(packet.Payload[0])<<8|uint16(packet.Payload[1]), packet.Payload[2:])
		}
		return
	}
	if w.report.Packets > 0 {
		step := int16(number - w.newest)
		if step <= 0 {
			w.report.Repeats++
			w.again(packet, number, packet.Payload)
			return
		}
		w.report.Gaps += int(step) - 1
	}
	w.newest = number
	w.kept[number] = packet
	delete(w.kept, number-1024)
	w.report.Packets++
	if packet.Marker {
		w.report.Pictures++
	}
	for _, kind := range units(packet.Payload) {
		w.report.Units[kind]++
		if last := len(w.report.KeyFrames) - 1; kind == 5 && (last < 0 || w.report.KeyFrames[last] != packet.Timestamp) {
			w.report.KeyFrames = append(w.report.KeyFrames, packet.Timestamp)
		}
	}
	for _, id := range packet.GetExtensionIDs() {
		w.report.Extensions[id] = packet.GetExtension(id)
	}
}

func (w *witness) again(packet *rtp.Packet, number uint16, payload []byte) {
	// What was repeated to try the link, before anything was missed, is no answer.
	if w.missed == nil || *w.missed != number {
		return
	}
	first := w.kept[number]
	w.report.Retransmissions = append(w.report.Retransmissions, retransmission{
		Number: number, Own: packet.SequenceNumber, PayloadType: packet.PayloadType,
		Same: first != nil && first.Timestamp == packet.Timestamp && first.Marker == packet.Marker && bytes.Equal(first.Payload, payload),
	})
}

// miss chooses a packet after which so many came, to be asked for again: the stream's SSRC and its number.
func (w *witness) miss(back int) (uint32, uint16, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	number := w.newest - uint16(back)
	if w.kept[number] == nil {
		return 0, 0, errors.New("no such packet came")
	}
	w.missed = &number
	return w.main, number, nil
}

// sinceKeyFrame is the stream's SSRC, and the RTP time from the last key frame to the newest packet.
func (w *witness) sinceKeyFrame() (uint32, uint32) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if len(w.report.KeyFrames) == 0 {
		return w.main, 0
	}
	return w.main, w.kept[w.newest].Timestamp - w.report.KeyFrames[len(w.report.KeyFrames)-1]
}

// units of a payload: alone, several together, or the first piece of a large one (RFC 6184 §5.6 to §5.8).
func units(payload []byte) (kinds []uint8) {
	if len(payload) < 2 {
		return nil
	}
	switch kind := payload[0] & 0x1f; kind {
	case 24:
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			kinds = append(kinds, rest[2]&0x1f)
			if size+2 > len(rest) {
				return append(kinds, 0)
			}
			rest = rest[2+size:]
		}
		return kinds
	case 28:
		if payload[1]&0x80 == 0 {
			return nil
		}
		return []uint8{payload[1] & 0x1f}
	default:
		return []uint8{kind}
	}
}

func (w *witness) note(list *[]string, state string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	*list = append(*list, state)
}

func (w *witness) hear(packets []rtcp.Packet) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, packet := range packets {
		switch packet := packet.(type) {
		case *rtcp.SenderReport:
			w.report.SenderReports++
		case *rtcp.Goodbye:
			w.report.Byes = append(w.report.Byes, packet.Sources...)
		}
	}
}

// state is a copy, which nobody changes while it is written out.
func (w *witness) state() report {
	w.lock.Lock()
	defer w.lock.Unlock()
	copied := w.report
	copied.SSRC = w.main
	copied.Units, copied.Extensions = map[uint8]int{}, map[uint8][]byte{}
	for kind, count := range w.report.Units {
		copied.Units[kind] = count
	}
	for id, value := range w.report.Extensions {
		copied.Extensions[id] = value
	}
	return copied
}
