// Table prints how fast and how small straytoken is, as one table of figures with the
// targets beside them. Nearly all are ratios, of things that were measured in turn in one
// run, so that they hold on other machines too.
package main
