package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// styles shows numbers in their formats. What a format makes of a number is excelize's: a sheet
// with one cell for each format is asked.
type styles struct {
	formats []*format // by a cell's style
	sheet   *excelize.File
	used    int   // of its cells
	left    int64 // bytes of formats that may still be applied in this reading
}

// format is a number format.
type format struct {
	id   int
	code string // of those that the workbook defines
	date bool
	cell string // of [styles.sheet], made when it is first used

	shown map[float64]string // numbers that were shown already, the first [maxShown]
}

const maxShown = 4096

func (b *Book) readStyles() (*styles, error) {
	s := &styles{}
	name := b.StylesPart()
	if name == "" || b.files[strings.ToLower(name)].UncompressedSize64 == 0 {
		return s, nil
	}
	codes, byID, within := map[int]string{}, map[int]*format{}, false
	err := b.each(name, maxStyles, func(e element) error {
		switch e.name {
		case "numFmt":
			id, err := strconv.Atoi(e.attr("numFmtId"))
			if err != nil {
				return nil
			}
			if codes[id] = e.attr("formatCode"); len(codes[id]) > maxFormat || len(codes) > maxFormats {
				return refuse("the workbook has a number format of more than %d bytes, or more than %d formats: save it again with Excel", maxFormat, maxFormats)
			}
		case "cellXfs":
			within = true
		case "cellStyles", "dxfs":
			within = false
		case "xf":
			if !within {
				return nil
			}
			id, _ := strconv.Atoi(e.attr("numFmtId")) // none: General
			if byID[id] == nil {
				f := &format{id: id, code: codes[id]}
				f.date = isDate(*f)
				byID[id] = f
			}
			s.formats = append(s.formats, byID[id])
			if len(s.formats) > 1<<16 {
				return refuse("the workbook has more than %d cell styles", 1<<16)
			}
		}
		return nil
	})
	return s, err
}

// isDate tells whether a format shows days or times.
func isDate(f format) bool {
	if f.code == "" {
		return f.id >= 14 && f.id <= 22 || f.id >= 27 && f.id <= 36 || f.id >= 45 && f.id <= 47 || f.id >= 50 && f.id <= 58
	}
	return strings.ContainsAny(bare(f.code), "ymdhsYMDHS")
}

// bare is a format's first part without quoted, escaped and bracketed text, colours and General.
func bare(code string) string {
	var b strings.Builder
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == ';':
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	if strings.EqualFold(b.String(), "general") {
		return ""
	}
	return b.String()
}

// maxExact is beyond what Excel keeps of a number's digits.
const maxExact = 1e15

// show is a number as a cell of this style shows it.
func (s *styles) show(v float64, style int, is1904 bool) (Cell, error) {
	var f *format
	if style >= 0 && style < len(s.formats) {
		f = s.formats[style]
	}
	switch {
	case f != nil && f.date:
		return s.date(v, f, is1904)
	case math.Abs(v) >= maxExact:
		return Cell{Text: plain(v), Wrong: errRounded}, nil
	case f == nil || f.id == 0 || f.id == 49 || strings.ContainsAny(bare(f.code), "E@") || f.id == 11 || f.id == 48 || f.code != "" && bare(f.code) == "" && !strings.ContainsAny(f.code, `"\`):
		return Cell{Text: plain(v)}, nil
	}
	text, ok, err := s.formatted(v, f)
	if !ok {
		text = plain(v)
	}
	return Cell{Text: strings.TrimSpace(text)}, err
}

// plain is a number with the fifteen digits that Excel has of it.
func plain(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// date shows a day, and a time where the format has one. The formats that follow the reader's
// system are shown as Brazil writes days.
func (s *styles) date(v float64, f *format, is1904 bool) (Cell, error) {
	t, err := excelize.ExcelDateToTime(v, is1904)
	if err != nil || v < 0 || t.Year() > 9999 {
		return Cell{Text: plain(v), Wrong: errNoDate}, nil
	}
	t = t.Round(time.Second)
	day := ""
	if v >= 1 && t.Equal(t.Truncate(24*time.Hour)) {
		day = t.Format(time.DateOnly)
	}
	switch {
	case f.code == "" && f.id == 14:
		return Cell{Text: t.Format("02/01/2006"), Date: day}, nil
	case f.code == "" && f.id == 22:
		return Cell{Text: t.Format("02/01/2006 15:04"), Date: day}, nil
	}
	text, ok, err := s.formatted(v, f)
	if !ok || text == "" || is1904 {
		text = t.Format(time.DateTime)
		if day != "" {
			text = day
		}
	}
	return Cell{Text: text, Date: day}, err
}

// formatted asks excelize; false where it cannot tell. The error is that of a workbook that asks
// for too much.
func (s *styles) formatted(v float64, f *format) (text string, ok bool, err error) {
	if text, ok = f.shown[v]; ok {
		return text, true, nil
	}
	if s.left -= int64(max(len(f.code), 16)); s.left < 0 {
		return "", false, refuse("the workbook has too many numbers and dates in number formats: format the columns as text, or send it in several files")
	}
	text, err = s.ask(v, f)
	if err != nil {
		return "", false, nil
	}
	if f.shown == nil {
		f.shown = map[float64]string{}
	}
	if len(f.shown) < maxShown {
		f.shown[v] = text
	}
	return text, true, nil
}

func (s *styles) ask(v float64, f *format) (string, error) {
	if s.sheet == nil {
		s.sheet = excelize.NewFile()
	}
	const sheet = "Sheet1"
	if f.cell == "" {
		style := excelize.Style{NumFmt: f.id}
		if f.code != "" {
			style = excelize.Style{CustomNumFmt: &f.code}
		}
		id, err := s.sheet.NewStyle(&style)
		if err != nil {
			return "", err
		}
		s.used++
		f.cell = Ref(0, s.used)
		if err := s.sheet.SetCellStyle(sheet, f.cell, f.cell, id); err != nil {
			return "", err
		}
	}
	if err := s.sheet.SetCellFloat(sheet, f.cell, v, -1, 64); err != nil {
		return "", err
	}
	return s.sheet.GetCellValue(sheet, f.cell)
}
