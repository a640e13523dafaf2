# SPDX-License-Identifier: GPL-2.0-or-later
# The demo's picture: gnuplot -e "dir='...'; came='...'; first='...'" picture.gp
set encoding utf8
set datafile separator "\t"
set style fill transparent solid 0.25 noborder
set xrange [0:130]
set yrange [0:140]
set grid ytics lc rgb '#dddddd'
set border 3 lc rgb '#666666'
set tics nomirror out
set key outside right top samplen 2 spacing 1.2
set ylabel "load of node 1 (% of its uplink)"
set label 10 "" at 0,0

do for [which in "svg png"] {
	if (which eq "svg") {
		set terminal svg size 1000,760 font 'DejaVu Sans,13' background '#ffffff'
	} else {
		set terminal pngcairo size 1000,760 font 'DejaVu Sans,11' background '#ffffff'
	}
	set output dir.'/demo.'.which
	set multiplot layout 2,1
	unset arrow
	unset label
	set arrow 1 from 0,100 to 130,100 nohead lc rgb '#999999' dt 2
	set title "Without Spillway" left
	unset xlabel
	if (came ne "-") {
		set arrow 2 from real(came),0 to real(came),120 nohead lc rgb '#b00020' lw 2
		set label 2 "overload" at real(came),126 center tc rgb '#b00020'
	}
	plot dir.'/without/load.tsv' using 1:($2*100) with lines lw 2.5 lc rgb '#b00020' title 'load'
	unset arrow 2
	unset label 2
	set title "With Spillway" left
	set xlabel "seconds"
	if (first ne "") {
		set arrow 3 from real(first),0 to real(first),120 nohead lc rgb '#2e7d32' lw 2
		set label 3 "first offload" at real(first),126 center tc rgb '#2e7d32'
	}
	plot dir.'/forecast.tsv' using ($1+30):($4*100):($5*100) with filledcurves lc rgb '#1f77b4' title '80 % interval', \
	     '' using ($1+30):($3*100) with lines lw 1.5 lc rgb '#1f77b4' title 'forecast, 30 s before', \
	     '' using 1:($6*100) with lines lw 1.5 dt 2 lc rgb '#ff8f00' title 'threshold', \
	     '' using ($7 > 0 ? $1 : NaN):(4) with points pt 9 ps 1.2 lc rgb '#2e7d32' title 'connections moved', \
	     dir.'/with/load.tsv' using 1:($2*100) with lines lw 2.5 lc rgb '#222222' title 'load'
	unset multiplot
	unset output
}
