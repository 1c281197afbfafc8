package telegramsim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestFileNames(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tc := range []struct{ disposition, want string }{
		{`form-data; name="document"; filename="a b.txt"`, "a b.txt"},
		{`form-data;name=document;filename=a ü.txt`, "a ü.txt"},
		{`form-data; name="document"; filename="dir/a.txt"; filename*=UTF-8''b.txt`, "a.txt"},
		{`form-data; filename="a"; name="document"`, "a"},
		{`attachment; name="document"; filename="a"`, "Bad Request: expected form-data content disposition"},
		{`form-data; filename="a"`, "Bad Request: field name in multipart/form-data not found"},
	} {
		body := "--x\r\nContent-Disposition: form-data; name=chat_id\r\n\r\n5100000001\r\n--x\r\ncontent-disposition:" + tc.disposition + "\r\n\r\nletter\r\n--x--\r\n"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/bot"+w.Token()+"/sendDocument", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		resp, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Description string
			Result      struct {
				Document struct {
					FileName string `json:"file_name"`
				}
			}
		}
		err = json.NewDecoder(resp.Body).Decode(&got)
		_ = resp.Body.Close()
		if name := got.Result.Document.FileName + got.Description; err != nil || name != tc.want {
			t.Errorf("%s: %q, %v, want %q", tc.disposition, name, err, tc.want)
		}
	}
}
