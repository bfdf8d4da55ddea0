package providers

import (
	"errors"
	"io"
	"regexp"
	"strconv"
)

var mediaBox = regexp.MustCompile(`/MediaBox\s*\[\s*(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s*\]`)

// PageHeight finds the height of a PDF's pages from its page boxes, without parsing
// it: 0 when they are compressed, or when pages differ. It streams.
func PageHeight(r io.Reader) (float64, error) {
	const overlap = 128 // a box may lie across two windows
	buf := make([]byte, 64<<10)
	kept, height := 0, 0.0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		window := buf[:kept+n]
		for _, m := range mediaBox.FindAllSubmatch(window, -1) {
			bottom, err1 := strconv.ParseFloat(string(m[2]), 64)
			top, err2 := strconv.ParseFloat(string(m[4]), 64)
			h := max(top, bottom) - min(top, bottom)
			if err1 != nil || err2 != nil || h == 0 || height != 0 && h != height {
				return 0, nil
			}
			height = h
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return height, nil
		case err != nil:
			return 0, err
		}
		kept = copy(buf, window[len(window)-overlap:])
	}
}
