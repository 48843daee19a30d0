package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// commands are the processes of run-to-completion pods, and what they wrote,
// which outlives them until the pod goes.
type commands struct {
	mu   sync.Mutex
	pods map[string]*podCommands
}

type podCommands struct {
	namespace, name string
	stopped         bool
	running         *exec.Cmd
	output          map[string]*lastBytes
}

// lastBytes keeps the end of what is written to it.
type lastBytes struct {
	mu   sync.Mutex
	text []byte
}

const keptBytes = 256 << 10

func (l *lastBytes) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if extra := len(l.text) - keptBytes; extra > 0 {
		l.text = append([]byte(nil), l.text[extra:]...)
	}
	return len(p), nil
}

func (l *lastBytes) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// run runs a container's command and returns its exit code: 128 when it could
// not be started, 137 when its pod is gone.
func (c *commands) run(pod *corev1.Pod, container corev1.Container) int32 {
	args := append(append([]string{}, container.Command...), container.Args...)
	cmd := exec.Command(args[0], args[1:]...)
	// A group of its own, so that stopping it also stops what it started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	for _, e := range container.Env {
		cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
	}
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	output := &lastBytes{}
	cmd.Stdout, cmd.Stderr = output, output
	c.mu.Lock()
	if c.pods == nil {
		c.pods = map[string]*podCommands{}
	}
	of := c.pods[string(pod.UID)]
	if of == nil {
		of = &podCommands{namespace: pod.Namespace, name: pod.Name, output: map[string]*lastBytes{}}
		c.pods[string(pod.UID)] = of
	}
	of.output[container.Name] = output
	if of.stopped {
		c.mu.Unlock()
		return 137
	}
	if err := cmd.Start(); err != nil {
		c.mu.Unlock()
		_, _ = output.Write([]byte(err.Error() + "\n"))
		return 128
	}
	of.running = cmd
	c.mu.Unlock()
	err := cmd.Wait()
	c.mu.Lock()
	of.running = nil
	c.mu.Unlock()
	if err == nil {
		return 0
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int32(status.Signal())
	}
	return int32(cmd.ProcessState.ExitCode())
}

// stop ends what a pod runs and forgets what it wrote.
func (c *commands) stop(uid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.pods[uid]
	if of == nil {
		return
	}
	of.stopped = true
	if of.running != nil {
		_ = syscall.Kill(-of.running.Process.Pid, syscall.SIGKILL)
	}
	delete(c.pods, uid)
}

func (c *commands) outputOf(namespace, pod, container string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range c.pods {
		if of.namespace == namespace && of.name == pod && of.output[container] != nil {
			return of.output[container].String(), true
		}
	}
	return "", false
}

// serveLogs answers GET /containerLogs/NAMESPACE/POD/CONTAINER, as the API
// server asks a node for pods/log, and returns the port.
func (c *commands) serveLogs(ctx context.Context) (int32, error) {
	certificate, err := selfSigned()
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}, Handler: http.HandlerFunc(c.answerLog)}
	go func() {
		if err := server.ServeTLS(listener, "", ""); err != http.ErrServerClosed {
			log.Print("logs: ", err)
		}
	}()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	return int32(listener.Addr().(*net.TCPAddr).Port), nil
}

func (c *commands) answerLog(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(path) != 4 || path[0] != "containerLogs" {
		http.NotFound(w, r)
		return
	}
	// A pod that has no output here was started by a kubelet before this one, or runs no command: it said nothing.
	text, _ := c.outputOf(path[1], path[2], path[3])
	if n, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil {
		text = tail(text, n)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("limitBytes")); err == nil && len(text) > n {
		text = text[:n]
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(text))
}

func tail(text string, lines int) string {
	ended := strings.HasSuffix(text, "\n")
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" || lines >= len(all) {
		return text
	}
	text = strings.Join(all[len(all)-lines:], "\n")
	if ended && lines > 0 {
		text += "\n"
	}
	return text
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(8760 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
