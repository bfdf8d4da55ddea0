package sandbox

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"time"
)

// catalisaFile is a file of File Storage (§8): declared first, put to a presigned
// address, confirmed.
type catalisaFile struct {
	upload
	id       string
	in       catalisaFileInput
	received bool
	uploaded bool
	at       time.Time
}

type catalisaFileInput struct {
	Name       string `json:"name"`
	MimeType   string `json:"mimeType"`
	SizeBytes  int64  `json:"sizeBytes"`
	Category   string `json:"category"`
	BusinessID string `json:"businessId"`
}

var (
	catalisaFileTypes  = []string{typePDF, typePNG, typeJPEG, "application/octet-stream"}
	catalisaCategories = []string{"IDENTITY", "ADDRESS", "INCOME", "CONTRACT", "COLLATERAL", "OTHER"}
)

func (c *catalisa) fileRoutes() {
	const files = "/file-storage/api/v1/files"
	c.handle("POST "+files, c.allowed(filesCreate, c.postFile))
	c.handle("GET "+files, c.allowed(filesRead, c.listFiles))
	c.handle("GET "+files+"/{id}", c.allowed(filesRead, c.getFile))
	c.handle("POST "+files+"/{id}/confirm-upload", c.allowed(filesCreate, c.confirmFile))
	c.handle("GET "+files+"/{id}/upload-url", c.allowed(filesCreate, c.uploadURL))
	c.handle("GET "+files+"/{id}/download-url", c.allowed(filesRead, c.downloadURL))
	c.handle("DELETE "+files+"/{id}", c.allowed(filesDelete, c.deleteFile))
	c.open("PUT /storage/{file}", c.putFile)
	c.open("GET /storage/{file}", c.follow("catalisa §7.7"))
}

func (f *catalisaFile) json() map[string]any {
	attributes := map[string]any{"name": f.in.Name, "mimeType": f.in.MimeType, "sizeBytes": f.in.SizeBytes, "category": f.in.Category, "uploaded": f.uploaded, "createdAt": iso(f.at)}
	if f.in.BusinessID != "" {
		attributes["businessId"] = f.in.BusinessID
	}
	return map[string]any{"type": "files", "id": f.id, "attributes": attributes}
}

func (c *catalisa) postFile(r *http.Request) *reply {
	var in catalisaFileInput
	if no := c.body(r, &in, "catalisa §8"); no != nil { // a flat body
		return no
	}
	var v verdict
	v.must(in.Name != "", "name is required")
	v.must(slices.Contains(catalisaFileTypes, in.MimeType), "no mimeType %q", in.MimeType)
	v.must(in.SizeBytes > 0, "sizeBytes is required")
	v.must(slices.Contains(catalisaCategories, in.Category), "no category %q", in.Category)
	if v != nil {
		return c.refuse(r, http.StatusBadRequest, v.String(), "catalisa §8")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &catalisaFile{id: c.newUUID(), in: in, at: c.sb.now()}
	c.files[f.id] = f
	answer := c.uploadLink(f)
	answer["data"] = f.json()
	return created(answer)
}

// uploadLink is the presigned address of a file, which lasts as long as downloads'.
func (c *catalisa) uploadLink(f *catalisaFile) map[string]any {
	return map[string]any{
		"uploadUrl": c.newLink("/storage/", f.id, catalisaLinkLifetime, func() *reply {
			return file(typePDF, pdf([]string{"The sandbox keeps no uploads.", f.in.Name, "SHA-256 of the original " + f.sha256}))
		}),
		"expiresAt": iso(c.sb.now().Add(catalisaLinkLifetime)),
	}
}

// stored finds a file. The caller holds the lock.
func (c *catalisa) stored(id string) (*catalisaFile, *reply) {
	f, found := c.files[id]
	if !found {
		return nil, c.missing("file")
	}
	return f, nil
}

// putFile takes the bytes as S3 does: with the declared Content-Type, which is part of
// the signature, and a known length.
func (c *catalisa) putFile(r *http.Request) *reply {
	if no := c.checkLink(r, "catalisa §8"); no != nil {
		return no
	}
	c.mu.Lock()
	f, no := c.stored(r.PathValue("file"))
	c.mu.Unlock()
	if no != nil {
		return storageError(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	contentType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case contentType != f.in.MimeType:
		c.violate(visitOf(r).route, "", "the upload's Content-Type is not the declared one", "catalisa §8")
		return storageError(http.StatusForbidden, "SignatureDoesNotMatch", "The signature does not match")
	case r.ContentLength < 0:
		c.violate(visitOf(r).route, "", "the upload has no Content-Length", "catalisa §8")
		return storageError(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	m := newMeasure()
	if _, err := io.Copy(m, r.Body); err != nil {
		return storageError(http.StatusBadRequest, "IncompleteBody", "The body is incomplete")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.upload = m.upload()
	f.name, f.head, f.received = f.in.Name, nil, true
	return &reply{status: http.StatusOK}
}

// confirmFile: its answer is not documented: the record. A file that did not come, or
// with another size than declared, is refused, which is a choice.
func (c *catalisa) confirmFile(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, no := c.stored(r.PathValue("id"))
	switch {
	case no != nil:
		return no
	case !f.received || f.size != f.in.SizeBytes:
		c.violateLocked(visitOf(r).route, "", "the file was not uploaded, or not with its sizeBytes", "catalisa §8")
		return c.fail(http.StatusBadRequest, "", "the file was not uploaded, or not with its sizeBytes")
	}
	f.uploaded = true
	return ok(map[string]any{"data": f.json()})
}

func (c *catalisa) uploadURL(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, no := c.stored(r.PathValue("id"))
	if no != nil {
		return no
	}
	return ok(c.uploadLink(f))
}

func (c *catalisa) downloadURL(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, no := c.stored(r.PathValue("id"))
	if no != nil {
		return no
	}
	link := c.uploadLink(f)
	return ok(map[string]any{"downloadUrl": link["uploadUrl"], "expiresAt": link["expiresAt"]})
}

func (c *catalisa) getFile(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, no := c.stored(r.PathValue("id"))
	if no != nil {
		return no
	}
	return ok(map[string]any{"data": f.json()})
}

// listFiles: paging is not readable in the reference: everything.
func (c *catalisa) listFiles(*http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, f := range c.files {
		list = append(list, f.json())
	}
	return ok(map[string]any{"data": list})
}

func (c *catalisa) deleteFile(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, no := c.stored(r.PathValue("id"))
	if no != nil {
		return no
	}
	delete(c.files, f.id)
	return noContent()
}
