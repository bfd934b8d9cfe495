package trail_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/straytoken/straytoken/trail"
)

func listS3(t *testing.T, f *fakeS3, filter trail.Filter, url string) trail.Listing {
	t.Helper()
	return list(t, trail.Options{OpenS3: f.open, Filter: filter}, url)
}

func key(account, region, day, stamp, unique string) string {
	return fmt.Sprintf("logs/AWSLogs/o-abc/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz",
		account, region, day, account, region, stamp, unique)
}

// organization is a bucket of two accounts, three regions and three days, with
// what lies beside the trail files in real buckets.
func organization() *fakeS3 {
	f := &fakeS3{objects: map[string]string{}, pageSize: 2}
	for _, account := range []string{"111111111111", "222222222222"} {
		for _, region := range []string{"eu-west-1", "us-east-1", "us-west-2"} {
			for day := 1; day <= 3; day++ {
				for n := range 3 {
					k := key(account, region, fmt.Sprintf("2026/01/%02d", day*10), fmt.Sprintf("202601%02dT1%d00Z", day*10, n), "u")
					f.objects[k] = k
				}
			}
		}
		f.objects["logs/AWSLogs/o-abc/"+account+"/CloudTrail-Digest/us-east-1/2026/01/01/x.json.gz"] = "digest"
		f.objects["logs/AWSLogs/o-abc/"+account+"/CloudTrail-Insight/us-east-1/2026/01/01/x.json.gz"] = "insight"
		f.objects["logs/AWSLogs/o-abc/"+account+"/Config/us-east-1/2026/1/1/x.json.gz"] = "config"
	}
	f.objects["logs/AWSLogs/o-abc/"] = ""
	return f
}

func TestS3ListsLayoutInOrder(t *testing.T) {
	for _, url := range []string{"s3://bucket", "s3://bucket/logs", "s3://bucket/logs/AWSLogs/", "s3://bucket/logs/AWSLogs/o-abc/"} {
		t.Run(url, func(t *testing.T) {
			l := listS3(t, organization(), trail.Filter{}, url)
			if len(l.Entries) != 54 {
				t.Fatalf("%d entries, skipped %v", len(l.Entries), l.Skipped)
			}
			if !slices.IsSortedFunc(l.Entries, func(a, b trail.Entry) int { return a.Delivered.Compare(b.Delivered) }) {
				t.Error("not in the order of delivery")
			}
		})
	}
}

func TestS3SkipsWithoutListing(t *testing.T) {
	f := organization()
	l := listS3(t, f, trail.Filter{Accounts: []string{"222222222222"}, Regions: []string{"us-west-2"}}, "s3://bucket/logs/")
	if len(l.Entries) != 9 {
		t.Errorf("%d entries", len(l.Entries))
	}
	if c := counts(l); c[trail.Digest] != 1 || c[trail.Insight] != 1 || c[trail.NotTrail] != 1 || c[trail.Filtered] != 3 {
		t.Errorf("skipped = %v", c)
	}
	for _, p := range f.lists {
		if strings.Contains(p, "111111111111") || strings.Contains(p, "us-east-1") || strings.Contains(p, "Digest") {
			t.Errorf("listed %s", p)
		}
	}
}

func TestS3ListsOnlyDaysAskedFor(t *testing.T) {
	f := organization()
	filter := trail.Filter{
		Since: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 21, 0, 0, 0, 0, time.UTC),
		Accounts: []string{"111111111111"}, Regions: []string{"us-east-1"},
	}
	l := listS3(t, f, filter, "s3://bucket/logs/AWSLogs/o-abc/111111111111/CloudTrail/")
	if len(l.Entries) != 3 {
		t.Errorf("entries = %q", names(l))
	}
	if f.seen != 3+4 { // three regions, three files and the first of the page that follows
		t.Errorf("the bucket handed out %d items", f.seen)
	}
}

func TestS3SingleObjectAndOtherLayouts(t *testing.T) {
	f := &fakeS3{pageSize: 100, objects: map[string]string{
		"export/part-1.ndjson": event, "export/deep/er/part-2.json.gz": event, "export/_SUCCESS": "x",
		"export/empty.json": "", "export/cold.json": event,
	}, class: map[string]types.ObjectStorageClass{"export/cold.json": types.ObjectStorageClassGlacier}}
	l := listS3(t, f, trail.Filter{}, "s3://bucket/export/")
	if got := names(l); !slices.Equal(got, []string{"part-2.json.gz", "part-1.ndjson"}) {
		t.Errorf("entries = %q", got)
	}
	if c := counts(l); c[trail.NotTrail] != 1 || c[trail.Empty] != 1 || c[trail.Archived] != 1 {
		t.Errorf("skipped = %v", c)
	}
	if l := listS3(t, f, trail.Filter{}, "s3://bucket/export/part-1.ndjson"); len(l.Entries) != 1 {
		t.Errorf("entries = %q", names(l))
	}
}

func TestS3NothingUnderPrefix(t *testing.T) {
	f := &fakeS3{pageSize: 10, objects: map[string]string{"a.json": event}}
	_, err := trail.List(t.Context(), []string{"s3://bucket/b"}, trail.Options{OpenS3: f.open})
	if _, ok := errors.AsType[*trail.MissingError](err); !ok {
		t.Errorf("err = %v", err)
	}
}

func TestS3ReadsInOrderAndReportsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := organization()
		l := listS3(t, f, trail.Filter{Accounts: []string{"111111111111"}}, "s3://bucket/logs/")
		base := func(i int) string { return strings.TrimPrefix(l.Entries[i].Name, "s3://bucket/") }
		denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
		f.getErr = map[string]error{base(3): denied}
		f.breakOff = map[string]int{base(5): 2, base(7): 100}
		var failed []int
		i := 0
		for file, err := range l.Files(t.Context(), nil) {
			if err != nil {
				failed = append(failed, i)
			} else if string(file.Body) != base(i) {
				t.Errorf("file %d holds %s", i, file.Body)
			}
			i++
		}
		if i != 27 || !slices.Equal(failed, []int{3, 7}) {
			t.Errorf("%d files, failed %v", i, failed)
		}
		if want := 27 + 2 + 2; f.gets != want {
			t.Errorf("%d requests, want %d", f.gets, want)
		}
	})
}

func TestS3ErrorsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		problem trail.Problem
		text    string
	}{
		"bucket":      {&types.NoSuchBucket{}, trail.NoBucket, "does not exist"},
		"denied":      {&smithy.GenericAPIError{Code: "AccessDenied"}, trail.AccessDenied, "s3:ListBucket"},
		"region":      {&smithy.GenericAPIError{Code: "PermanentRedirect"}, trail.WrongRegion, "AWS_REGION"},
		"credentials": {errors.New("operation error S3: get identity: get credentials: failed"), trail.NoCredentials, "AWS_PROFILE"},
		"other":       {errors.New("two\nlines"), trail.OtherProblem, "two lines"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeS3{listErr: c.err}
			_, err := trail.List(t.Context(), []string{"s3://bucket/p"}, trail.Options{OpenS3: f.open})
			e, ok := errors.AsType[*trail.S3Error](err)
			if !ok || e.Problem != c.problem || !strings.Contains(e.Error(), c.text) || strings.Contains(e.Error(), "\n") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// The SDK's own client, against a server that answers as S3 does.
func TestS3ErrorsThroughTheSDK(t *testing.T) {
	answer := func(status int, code, region string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if region != "" {
				w.Header().Set("X-Amz-Bucket-Region", region)
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", code)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"wrong region": {answer(301, "PermanentRedirect", "eu-west-1"), "s3://bucket: the bucket is in eu-west-1: set AWS_REGION=eu-west-1"},
		"no bucket":    {answer(404, "NoSuchBucket", ""), "s3://bucket: the bucket does not exist"},
		"denied":       {answer(403, "AccessDenied", ""), "s3://bucket: access denied: s3:ListBucket is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			t.Setenv("AWS_ACCESS_KEY_ID", "test")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
			server := httptest.NewServer(c.handler)
			defer server.Close()
			t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
			_, err := trail.List(t.Context(), []string{"s3://bucket/p"}, trail.Options{})
			if err == nil || err.Error() != c.want {
				t.Errorf("err = %v", err)
			}
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		isolate(t)
		_, err := trail.List(t.Context(), []string{"s3://bucket/p"}, trail.Options{})
		if e, ok := errors.AsType[*trail.S3Error](err); !ok || e.Problem != trail.NoCredentials {
			t.Errorf("err = %v", err)
		}
	})
}

// isolate hides the machine's AWS configuration from the SDK.
func isolate(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}
