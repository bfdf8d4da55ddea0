package api

import (
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// misfits finds everything in a JSON value that does not fit a type: another kind of value, and unknown fields.
// A decoder tells the first only. It stops where there is more than anybody reads.
func misfits(d *jsontext.Decoder, t reflect.Type, found *mistakes) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := d.PeekKind()
	switch {
	case found.full():
		return nil
	case kind == 'n', t == reflect.TypeFor[FileInput]() && kind == '"':
		return d.SkipValue()
	case kind == '[' && t.Kind() == reflect.Slice, kind == '{' && (t.Kind() == reflect.Map || t.Kind() == reflect.Struct):
		return misfitsWithin(d, t, found)
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map, t.Kind() == reflect.Struct, kind == '[', kind == '{':
		return misfit(d, "must be "+kindOf(t), found)
	}
	raw, err := d.ReadValue()
	if err == nil && json.Unmarshal(raw, reflect.New(t).Interface()) != nil {
		found.misfit(d, "must be "+kindOf(t))
	}
	return err
}

// misfitsWithin does so for what stands in a list or an object.
func misfitsWithin(d *jsontext.Decoder, t reflect.Type, found *mistakes) error {
	begin, err := d.ReadToken()
	if err != nil {
		return err
	}
	fields := fieldsOf(t)
	for kind := d.PeekKind(); kind != ']' && kind != '}'; kind = d.PeekKind() {
		inner := t
		if begin.Kind() == '{' {
			name, err := d.ReadToken()
			if err != nil {
				return err
			}
			if inner = fields[name.String()]; t.Kind() == reflect.Struct && inner == nil {
				if err := misfit(d, unknownField, found); err != nil {
					return err
				}
				continue
			}
		}
		if t.Kind() != reflect.Struct {
			inner = t.Elem()
		}
		if err := misfits(d, inner, found); err != nil || found.full() {
			return err
		}
	}
	_, err = d.ReadToken()
	return err
}

const unknownField = "is not a known field"

// misfit passes over a value that does not fit.
func misfit(d *jsontext.Decoder, message string, found *mistakes) error {
	if err := d.SkipValue(); err != nil {
		return err
	}
	found.misfit(d, message)
	return nil
}

// misfit notes the value that was read last.
func (m *mistakes) misfit(d *jsontext.Decoder, message string) {
	x := Mistake{Message: message}
	x.at(d.StackPointer())
	m.add(x)
}

// fieldsOf are the types of a struct's fields by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				fields[name] = f.Type
			}
		}
	}
	return fields
}

// misfitting is all that keeps a text from being read into a value, of which a decoder has said the first. An error
// is about text that is no JSON; of JSON that fits there is nothing.
func misfitting(in io.Reader, v any) (found mistakes, err error) {
	err = misfits(jsontext.NewDecoder(in), reflect.TypeOf(v), &found)
	return found, err
}
