package jobs

// Sources opens the s3:// documents that this client takes; nil when it takes none.
func (c *Client) Sources() OpenSource { return c.sources }
