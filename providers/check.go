package providers

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Check is what [Info] alone decides about an envelope: documents and their types, templates,
// the signers' channels and types of signature, and options. A provider's own Check begins
// with it and adds what is particular.
func (i Info) Check(e Envelope) Problems {
	var p Problems
	if strings.TrimSpace(e.Subject) == "" {
		p.Add("subject", "%s needs a subject", i.Name)
	}
	i.checkContent(e, &p)
	if len(e.Signers) == 0 {
		p.Add("signer1.name", "%s needs at least one signer", i.Name)
	}
	for n, s := range e.Signers {
		i.checkSigner(fmt.Sprintf("signer%d.", n+1), s, &p)
	}
	i.checkOptions(e, &p)
	return p
}

func (i Info) checkContent(e Envelope, p *Problems) {
	switch {
	case e.Template != "" && !i.Templates:
		p.Add("template", "%s has no templates; give a document", i.Name)
	case e.Template != "" && len(e.Documents) > 0:
		p.Add("document", "%s takes documents or a template, not both", i.Name)
	case e.Template == "" && len(e.Documents) == 0 && i.Templates:
		p.Add("document", "%s needs a document or a template", i.Name)
	case e.Template == "" && len(e.Documents) == 0:
		p.Add("document", "%s needs a document", i.Name)
	case i.MaxDocuments > 0 && len(e.Documents) > i.MaxDocuments:
		p.Add("document", "%s takes at most %d in an envelope, here are %d", i.Name, i.MaxDocuments, len(e.Documents))
	}
	if name, is := ByName(e.Template); is && !i.TemplateNames {
		p.Add("template", "%s tells no list of templates to find a name in; give its id", i.Name)
	} else if is && name == "" {
		p.Add("template", "needs the template's name after name:")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		switch {
		case !i.TemplateFields:
			p.Add("field."+name, "%s has no way to fill a template's fields; leave it out", i.Name)
		case e.Template == "":
			p.Add("field."+name, "belongs to a template; give one, or leave it out")
		}
	}
	for _, d := range e.Documents {
		i.checkFile("document", d, i.DocumentTypes, p)
	}
}

// checkFile judges a document by its size and type, an image of an identity paper by the
// same size.
func (i Info) checkFile(field string, d Document, types []string, p *Problems) {
	if i.MaxDocumentSize > 0 && d.Size > i.MaxDocumentSize {
		p.Add(field, "%s has %d bytes; %s takes at most %d MB (%d bytes)", d.Name, d.Size, i.Name, i.MaxDocumentSize/1_000_000, i.MaxDocumentSize)
	}
	if t := d.TypeByName(); types != nil && t != "" && !slices.Contains(types, t) {
		p.Add(field, "%s is %s; %s takes %s", d.Name, t, i.Name, typeWords(types))
	}
}

func (i Info) checkSigner(column string, s Signer, p *Problems) {
	if strings.TrimSpace(s.Name) == "" {
		p.Add(column+"name", "%s needs the signer's name", i.Name)
	}
	switch {
	case s.Channel != "" && !slices.Contains(i.Channels, s.Channel):
		p.Add(column+"channel", "is %s; %s tells its signers by %s", s.Channel, i.Name, strings.Join(i.Channels, ", "))
	case s.Channel == "" && i.PhoneAlone:
		if s.Email == "" && s.Phone == "" {
			p.Add(column+"email", "%s needs an e-mail address or a phone", i.Name)
		}
	case s.Channel == "" || s.Channel == ChannelEmail:
		if s.Email == "" {
			p.Add(column+"email", "%s tells this signer by e-mail and needs the address", i.Name)
		}
	case s.Phone == "":
		p.Add(column+"phone", "%s tells this signer by %s and needs the number of a phone", i.Name, channelWord(s.Channel))
	}
	switch {
	case s.Auth == "" || s.Auth == ChannelEmail && s.Email != "":
	case !slices.Contains(i.Auth, s.Auth) && len(i.Auth) == 0:
		p.Add(column+"auth", "%s has no authentication per signer; leave it empty", i.Name)
	case !slices.Contains(i.Auth, s.Auth):
		p.Add(column+"auth", "is %s; %s knows %s", s.Auth, i.Name, strings.Join(i.Auth, ", "))
	case s.Auth == ChannelEmail:
		p.Add(column+"auth", "is email, but the signer has no e-mail")
	case s.Phone == "":
		p.Add(column+"auth", "is %s, but the signer has no phone", s.Auth)
	}
	if s.Type != "" && !slices.Contains(i.SignatureTypes, s.Type) {
		p.Add(column+"type", "is %s; %s has %s", s.Type, i.Name, strings.Join(i.SignatureTypes, ", "))
	}
	if st := s.Stamp; st != nil && !slices.Contains(i.UnsupportedColumns, "stamp") &&
		(st.Page < 1 || st.X < 0 || st.Y < 0 || st.Width <= 0 || st.Height <= 0) {
		p.Add(column+"stamp", "needs a page from 1, x and y from 0, and a width and height above 0")
	}
	i.checkImages(column, s, p)
}

// channelWord is a channel as people write it.
func channelWord(channel string) string {
	switch channel {
	case ChannelSMS:
		return "SMS"
	case ChannelWhatsApp:
		return "WhatsApp"
	}
	return channel
}

func (i Info) checkImages(column string, s Signer, p *Problems) {
	if i.ImageTypes == nil {
		if s.IDFront != nil || s.IDBack != nil || s.IDType != "" {
			p.Add(column+"id_front", "%s takes no identity papers; leave id_front, id_back and id_type empty", i.Name)
		}
		return
	}
	if s.IDFront != nil {
		i.checkFile(column+"id_front", *s.IDFront, i.ImageTypes, p)
	}
	if s.IDBack != nil {
		i.checkFile(column+"id_back", *s.IDBack, i.ImageTypes, p)
	}
}

func (i Info) checkOptions(e Envelope, p *Problems) {
	for _, name := range slices.Sorted(maps.Keys(e.Options[i.Name])) {
		n := slices.IndexFunc(i.Options, func(o Option) bool { return o.Name == name })
		value := strings.TrimSpace(e.Options[i.Name][name])
		switch {
		case n < 0 && len(i.Options) == 0:
			p.Add(i.Name+"."+name, "is unknown: %s has no options", i.Name)
		case n < 0:
			p.Add(i.Name+"."+name, "is unknown: %s knows %s", i.Name, i.optionNames())
		case value == "" || len(i.Options[n].Values) == 0:
		case !slices.ContainsFunc(i.Options[n].Values, func(v string) bool { return strings.EqualFold(v, value) }):
			p.Add(i.Name+"."+name, "%q is none of %s", value, strings.Join(i.Options[n].Values, ", "))
		}
	}
}

func (i Info) optionNames() string {
	names := make([]string, len(i.Options))
	for n, o := range i.Options {
		names[n] = o.Name
	}
	return strings.Join(names, ", ")
}

// Types of files that services take.
const (
	TypePDF  = "application/pdf"
	TypePNG  = "image/png"
	TypeJPEG = "image/jpeg"
	TypeGIF  = "image/gif"
	TypeDOC  = "application/msword"
	TypeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	TypeODT  = "application/vnd.oasis.opendocument.text"
)

var typeByEnding = map[string]string{
	".pdf": TypePDF, ".png": TypePNG, ".jpg": TypeJPEG, ".jpeg": TypeJPEG, ".gif": TypeGIF, ".doc": TypeDOC, ".docx": TypeDOCX, ".odt": TypeODT,
}

// TypeByName is the document's type. Where the content has told none, or one that others
// hide in, the name does; empty when the name tells none either and nothing is staged.
func (d Document) TypeByName() string {
	switch d.Type {
	case "", "application/zip", "application/octet-stream", "application/x-ole-storage":
		if t, ok := typeByEnding[strings.ToLower(path.Ext(d.Name))]; ok {
			return t
		}
		if d.Type == "" && path.Ext(d.Name) != "" {
			return "application/octet-stream"
		}
	}
	return d.Type
}

// typeWords names types as people do: by the endings of their files.
func typeWords(types []string) string {
	var words []string
	for _, ending := range []string{".pdf", ".docx", ".doc", ".odt", ".png", ".jpeg", ".gif"} {
		if slices.Contains(types, typeByEnding[ending]) {
			words = append(words, strings.ToUpper(ending[1:]))
		}
	}
	return strings.Join(words, ", ")
}

// Flag tells whether an option of the envelope's provider is true.
func (e Envelope) Flag(name string) bool {
	return strings.EqualFold(strings.TrimSpace(e.Option(name)), "true")
}

// NoFlag tells whether an option of the envelope's provider is false, not left out.
func (e Envelope) NoFlag(name string) bool {
	return strings.EqualFold(strings.TrimSpace(e.Option(name)), "false")
}

// TrueOrFalse are the values of an option that is a flag.
var TrueOrFalse = []string{"true", "false"}
