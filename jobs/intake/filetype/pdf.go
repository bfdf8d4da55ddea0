package filetype

import "bytes"

// What is looked for in a PDF. Trailers, and the dictionaries that stand for them, are
// never compressed; pages may be, in object streams.
const (
	pdfEncrypt = "/Encrypt"
	pdfPage    = "/Page"
	pdfCount   = "/Count"
	pdfObjects = "/ObjStm"
)

var pdfMarks = []mark{
	{pdfEncrypt, func(_, after []byte) bool { // a reference, or a dictionary
		after = bytes.TrimLeft(after, white)
		return len(after) > 0 && (isDigit(after[0]) || after[0] == '<')
	}},
	{pdfPage, func(before, after []byte) bool {
		return bytes.HasSuffix(bytes.TrimRight(before, white), []byte("/Type")) && (len(after) == 0 || !isRegular(after[0]))
	}},
	{pdfCount, func(_, after []byte) bool {
		after = bytes.TrimLeft(after, white+"0")
		return len(after) > 0 && isDigit(after[0])
	}},
	{pdfObjects, nil},
}

const white = "\x00\t\n\f\r "

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// isRegular tells a byte that continues a name.
func isRegular(b byte) bool {
	return bytes.IndexByte([]byte(white+"()<>[]{}/%"), b) < 0
}

func judgePDF(r *Reader) error {
	switch {
	case r.found[pdfEncrypt]:
		return ErrProtected
	case !bytes.Contains(r.tail, []byte("%%EOF")):
		return ErrCut
	case !r.found[pdfPage] && !r.found[pdfCount] && !r.found[pdfObjects]:
		return ErrNoPages
	}
	return nil
}
