package fill

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// write writes all that can be reached from the trailer, by its numbers. The library's own
// writer puts the time and a random id into the file.
func (p *pdf) write() ([]byte, error) {
	trailer := types.Dict{"Root": *p.Root}
	if p.Info != nil {
		trailer["Info"] = *p.Info
	}
	reached := map[int]types.Object{}
	p.reach(trailer, reached)

	var b bytes.Buffer
	fmt.Fprintf(&b, "%%PDF-%s\n%%\xE2\xE3\xCF\xD3\n", p.VersionString())
	numbers := slices.Sorted(maps.Keys(reached))
	places := make(map[int]int, len(numbers))
	for _, n := range numbers {
		places[n] = b.Len()
		fmt.Fprintf(&b, "%d %d obj\n", n, p.generation(n))
		if s, ok := reached[n].(types.StreamDict); ok {
			d := types.Dict{}
			maps.Copy(d, s.Dict)
			d["Length"] = types.Integer(len(s.Raw))
			b.WriteString(d.PDFString() + "\nstream\n")
			b.Write(s.Raw)
			b.WriteString("\nendstream")
		} else {
			b.WriteString(reached[n].PDFString())
		}
		b.WriteString("\nendobj\n")
	}
	id := types.HexLiteral(fmt.Sprintf("%X", sha256.Sum256(b.Bytes()))[:32])
	begin := b.Len()
	b.WriteString("xref\n0 1\n0000000000 65535 f\r\n")
	for i := 0; i < len(numbers); {
		end := i + 1
		for end < len(numbers) && numbers[end] == numbers[end-1]+1 {
			end++
		}
		fmt.Fprintf(&b, "%d %d\n", numbers[i], end-i)
		for ; i < end; i++ {
			fmt.Fprintf(&b, "%010d %05d n\r\n", places[numbers[i]], p.generation(numbers[i]))
		}
	}
	trailer["Size"], trailer["ID"] = types.Integer(p.next), types.Array{id, id}
	fmt.Fprintf(&b, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", trailer.PDFString(), begin)
	return b.Bytes(), nil
}

func (p *pdf) generation(n int) int {
	if e := p.Table[n]; e != nil && e.Generation != nil {
		return *e.Generation
	}
	return 0
}

// reach collects what an object refers to, from a list of its own: documents are nested
// deeper than a stack is.
func (p *pdf) reach(from types.Object, reached map[int]types.Object) {
	todo := []types.Object{from}
	for len(todo) > 0 {
		o := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch o := o.(type) {
		case types.IndirectRef:
			n := o.ObjectNumber.Value()
			e := p.Table[n]
			if _, done := reached[n]; done || e == nil || e.Free || n == 0 {
				continue
			}
			object := plain(p.resolve(o))
			if object == nil {
				continue
			}
			reached[n] = object
			todo = append(todo, object)
		case types.Dict:
			todo = slices.AppendSeq(todo, maps.Values(o))
		case types.Array:
			todo = append(todo, o...)
		case types.StreamDict:
			for k, v := range o.Dict {
				if k != "Length" {
					todo = append(todo, v)
				}
			}
		}
	}
}

// plain is an object without what the library adds to it.
func plain(o types.Object) types.Object {
	switch o := o.(type) {
	case *types.StreamDict:
		return *o
	case types.ObjectStreamDict, types.XRefStreamDict:
		return nil
	}
	return o
}
