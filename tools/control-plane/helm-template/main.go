// Command helm-template prints what `helm template` prints: the templates of a
// chart with its values, those of --values laid over them.
package main

import (
	"flag"
	"fmt"
	"log"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	log.SetFlags(0)
	release := flag.String("release", "sluice", "name of the release")
	namespace := flag.String("namespace", "sluice-system", "namespace of the release")
	file := flag.String("values", "", "file with values")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: helm-template [flags] CHART")
	}
	chart, err := loader.Load(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	given := chartutil.Values{}
	if *file != "" {
		if given, err = chartutil.ReadValuesFile(*file); err != nil {
			log.Fatal(err)
		}
	}
	options := chartutil.ReleaseOptions{Name: *release, Namespace: *namespace, Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(chart, given, options, chartutil.DefaultCapabilities)
	if err != nil {
		log.Fatal(err)
	}
	// Strict: a value that a template names and nobody gives is an error.
	rendered, err := engine.Engine{Strict: true}.Render(chart, values)
	if err != nil {
		log.Fatal(err)
	}
	names := make([]string, 0, len(rendered))
	for name := range rendered {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("---\n# Source: %s\n%s\n", name, rendered[name])
	}
}
