package lang

func init() {
	Translate(map[string]string{
		"%s or %s":         "%s ou %s",
		"context canceled": "interrompido", "context deadline exceeded": "sem resposta a tempo",
	})
}
