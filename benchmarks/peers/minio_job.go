// minio-go's presigned POST, with the protocol of jobs.mjs. Built in GOPATH mode against Debian's package:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build minio_job.go
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func key() string {
	var id [16]byte
	rand.Read(id[:])
	return fmt.Sprintf("test/resource/video/2026/03/14/10503/%x.mp4", id)
}

func cpu() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func run(client *minio.Client, seconds float64) float64 {
	until, begun, count := time.Now().Add(time.Duration(seconds*1e9)), cpu(), 0
	for time.Now().Before(until) {
		for i := 0; i < 50; i++ {
			policy := minio.NewPostPolicy()
			policy.SetBucket("vk-demo-1250000000")
			policy.SetKey(key())
			policy.SetExpires(time.Now().UTC().Add(time.Hour))
			policy.SetContentLengthRange(1, 5368709120)
			if _, _, err := client.PresignedPostPolicy(context.Background(), policy); err != nil {
				panic(err)
			}
		}
		count += 50
	}
	return float64((cpu() - begun).Nanoseconds()) / float64(count)
}

func main() {
	keys := credentials.NewStaticV4("AKIDVALETKEYFORM0001", "aws/FormIdentity+Secret000000000000000001", "")
	client, err := minio.New("store.example", &minio.Options{Creds: keys, Region: "cn-north-1", Secure: true})
	if err != nil {
		panic(err)
	}
	run(client, 0.3)
	fmt.Println("ready v7")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var word string
		var seconds float64
		fmt.Sscan(lines.Text(), &word, &seconds)
		fmt.Println(run(client, seconds))
	}
}
