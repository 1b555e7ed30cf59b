// go-imap as a client of the bench (see bench/run.lua).
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"
)

func setting(name string) string { return os.Getenv("BENCH_" + name) }

var (
	mailbox = setting("MAILBOX")
	conn    *client.Client
	out     = bufio.NewWriterSize(os.Stdout, 1<<16)
)

func need(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-imap:", err)
		os.Exit(1)
	}
}

func count() int {
	n, err := strconv.Atoi(setting("COUNT"))
	need(err)
	return n
}

func trust() *tls.Config {
	pem, err := os.ReadFile(setting("CA"))
	need(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, ServerName: setting("HOST")}
}

func connect(config *tls.Config) *client.Client {
	var c *client.Client
	var err error
	address := setting("HOST") + ":" + setting("PORT")
	if setting("TLS") == "1" {
		c, err = client.DialTLS(address, config)
	} else {
		c, err = client.Dial(address)
	}
	need(err)
	need(c.Login(setting("USER"), setting("PASSWORD")))
	return c
}

func open(readOnly bool) {
	_, err := conn.Select(mailbox, readOnly)
	need(err)
}

func uids(first, last uint32) *imap.SeqSet {
	set := new(imap.SeqSet)
	set.AddRange(first, last)
	return set
}

// fetch hands over each message as it comes.
func fetch(set *imap.SeqSet, items []imap.FetchItem, take func(*imap.Message)) {
	messages := make(chan *imap.Message, 100)
	done := make(chan error, 1)
	go func() { done <- conn.UidFetch(set, items, messages) }()
	for message := range messages {
		take(message)
	}
	need(<-done)
}

// Each workload answers what tells what was delivered.
var work = map[string]func() func(){
	"listing": func() func() {
		var found []*imap.Message
		open(true)
		fetch(uids(1, 0), []imap.FetchItem{imap.FetchUid, imap.FetchFlags, imap.FetchInternalDate,
			imap.FetchRFC822Size, imap.FetchEnvelope, imap.FetchBodyStructure},
			func(m *imap.Message) { found = append(found, m) })
		return func() {
			for _, m := range found {
				out.WriteString(listing(m))
			}
		}
	},
	"download": func() func() {
		var samples []string
		open(true)
		for uid := 1; uid <= count(); uid++ {
			sink := &sampler{}
			body(uint32(uid), func(r io.Reader) {
				_, err := io.Copy(sink, r)
				need(err)
			})
			samples = append(samples, sink.text())
		}
		return tellTexts(&samples)
	},
	"small": func() func() {
		var samples []string
		open(true)
		for uid := 1; uid <= count(); uid++ {
			body(uint32(uid), func(r io.Reader) {
				content, err := io.ReadAll(r)
				need(err)
				middle := len(content) / 2
				samples = append(samples, fmt.Sprintf("%d %s\n", len(content), content[middle:middle+16]))
			})
		}
		return tellTexts(&samples)
	},
	"append": func() func() {
		for _, message := range messages {
			need(conn.Append(mailbox, nil, time.Time{}, bytes.NewReader(message)))
		}
		return nothing
	},
	"append-file": func() func() {
		for i := 0; i < count(); i++ {
			file, err := os.Open(setting("BIG"))
			need(err)
			about, err := file.Stat()
			need(err)
			need(conn.Append(mailbox, nil, time.Time{}, sizedFile{file, int(about.Size())}))
			file.Close()
		}
		return nothing
	},
	"search": func() func() {
		var lines []string
		open(true)
		for n := 0; n < count(); n++ {
			criteria := imap.NewSearchCriteria()
			criteria.Header.Set("From", fmt.Sprintf("person%d@host%d.example.org", n, n%40))
			found, err := conn.UidSearch(criteria)
			need(err)
			words := make([]string, len(found))
			for i, uid := range found {
				words[i] = strconv.Itoa(int(uid))
			}
			lines = append(lines, strings.Join(words, " ")+"\n")
		}
		return tellTexts(&lines)
	},
	"flags": func() func() {
		add := imap.FormatFlagsOp(imap.AddFlags, true)
		open(false)
		for uid := 1; uid <= count(); uid++ {
			need(conn.UidStore(uids(uint32(uid), uint32(uid)), add, []interface{}{imap.FlaggedFlag}, nil))
		}
		need(conn.UidStore(uids(1, 0), add, []interface{}{imap.SeenFlag}, nil))
		return nothing
	},
	"connect": func() func() {
		config := trust()
		for i := 0; i < count(); i++ {
			need(connect(config).Logout())
		}
		return nothing
	},
	"mailboxes": func() func() {
		var lines []string
		rows := make(chan *imap.MailboxInfo, 100)
		done := make(chan error, 1)
		var names []string
		go func() { done <- conn.List("", "*", rows) }()
		for row := range rows {
			names = append(names, row.Name)
		}
		need(<-done)
		for _, name := range names {
			s, err := conn.Status(name, []imap.StatusItem{imap.StatusMessages, imap.StatusUnseen,
				imap.StatusUidNext, imap.StatusUidValidity})
			need(err)
			lines = append(lines, fmt.Sprintf("%s\t%d\t%d\t%d\t%d\n", name, s.Messages, s.Unseen, s.UidNext, s.UidValidity))
		}
		return func() {
			sort.Strings(lines)
			tellTexts(&lines)()
		}
	},
}

func nothing() {}

func tellTexts(texts *[]string) func() {
	return func() {
		for _, text := range *texts {
			out.WriteString(text)
		}
	}
}

func body(uid uint32, take func(io.Reader)) {
	section := &imap.BodySectionName{Peek: true}
	fetch(uids(uid, uid), []imap.FetchItem{section.FetchItem()}, func(m *imap.Message) { take(m.GetBody(section)) })
}

// sampler takes a few octets of what comes in chunks, wherever these end.
type sampler struct {
	total, next int
	taken       []byte
}

func (s *sampler) Write(chunk []byte) (int, error) {
	for s.next < s.total+len(chunk) {
		s.taken = append(s.taken, chunk[s.next-s.total])
		s.next += 65521
	}
	s.total += len(chunk)
	return len(chunk), nil
}

func (s *sampler) text() string { return fmt.Sprintf("%d %s\n", s.total, s.taken) }

// What to append.
var messages [][]byte

// A file as a literal.
type sizedFile struct {
	*os.File
	size int
}

func (f sizedFile) Len() int { return f.size }

func readMessages() {
	file, err := os.Open(setting("MESSAGES"))
	need(err)
	defer file.Close()
	reader := bufio.NewReader(file)
	for i := 0; i < count(); i++ {
		line, err := reader.ReadString('\n')
		need(err)
		size, err := strconv.Atoi(strings.TrimSpace(line))
		need(err)
		message := make([]byte, size)
		_, err = io.ReadFull(reader, message)
		need(err)
		messages = append(messages, message)
	}
}

// Listing as bench/clients/delivered.lua has it ------------------------------

func flags(list []string) string {
	var kept []string
	for _, flag := range list {
		if flag != imap.RecentFlag {
			kept = append(kept, flag)
		}
	}
	sort.Strings(kept)
	return strings.Join(kept, " ")
}

func addresses(list []*imap.Address) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.PersonalName + " <" + a.Address() + ">"
	}
	return strings.Join(texts, ", ")
}

func params(set map[string]string) string {
	var list []string
	for name, value := range set {
		list = append(list, name+"="+value)
	}
	sort.Strings(list)
	return strings.Join(list, ",")
}

func structure(b *imap.BodyStructure) string {
	kind := strings.ToLower(b.MIMEType + "/" + b.MIMESubType)
	if len(b.Parts) > 0 {
		var inner string
		for _, part := range b.Parts {
			inner += structure(part)
		}
		return "(" + inner + ")" + kind + ";" + params(b.Params)
	}
	lines := ""
	if strings.EqualFold(b.MIMEType, "text") {
		lines = strconv.Itoa(int(b.Lines))
	}
	return fmt.Sprintf("(%s;%s;%s;%d;%s;%s;%s)", kind, params(b.Params), strings.ToLower(b.Encoding), b.Size,
		lines, strings.ToLower(b.Disposition), params(b.DispositionParams))
}

func listing(m *imap.Message) string {
	e := m.Envelope
	return strings.Join([]string{
		strconv.Itoa(int(m.Uid)), flags(m.Flags), strconv.FormatInt(m.InternalDate.Unix(), 10),
		strconv.Itoa(int(m.Size)), strconv.FormatInt(e.Date.Unix(), 10), e.Subject, addresses(e.From),
		addresses(e.Sender), addresses(e.ReplyTo), addresses(e.To), addresses(e.Cc), addresses(e.Bcc),
		e.InReplyTo, e.MessageId, structure(m.BodyStructure),
	}, "\t") + "\n"
}

// ----------------------------------------------------------------------------

func say(word string) {
	fmt.Println(word)
	_, err := fmt.Scanln()
	if err != nil && err.Error() != "unexpected newline" {
		need(err)
	}
}

func main() {
	workload := setting("WORKLOAD")
	if workload == "append" {
		readMessages()
	}
	if workload != "connect" {
		conn = connect(trust())
	}
	say("ready")
	tell := work[workload]()
	say("done")
	tell()
	out.Flush()
	if conn != nil {
		need(conn.Logout())
	}
}
