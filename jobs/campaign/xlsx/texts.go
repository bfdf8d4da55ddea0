package xlsx

import (
	"errors"
	"io"
)

// texts are those that cells share, one after the other, and where each ends: a workbook has a
// million of them, and a string each would cost more than its letters.
type texts struct {
	all  []byte
	ends []uint32
}

// at is a text that stands in the workbook's own memory.
func (t texts) at(i int) ([]byte, bool) {
	if i < 0 || i >= len(t.ends) {
		return nil, false
	}
	begin := uint32(0)
	if i > 0 {
		begin = t.ends[i-1]
	}
	return t.all[begin:t.ends[i]], true
}

func (b *Book) sharedTexts() (texts, error) {
	var t texts
	name := b.parts["sharedStrings"]
	if name == "" {
		return t, nil
	}
	in, err := b.open(name, min(maxStrings, b.most))
	if err != nil {
		return t, err
	}
	defer in.Close()
	d := newDecoder(in, &b.tags)
	for {
		e, err := d.next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err == nil && e.start && e.name == "si" {
			var s string
			if s, err = d.text("rPh"); err == nil { // rPh: how Japanese is read aloud
				t.all = append(t.all, s...)
				t.ends = append(t.ends, uint32(len(t.all)))
			}
		}
		if err != nil {
			return t, broken(name, err)
		}
	}
}
