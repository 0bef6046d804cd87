#!/usr/bin/perl
# Each rule is held by a unit test: with the rule switched off, some test fails. One rule at a time is taken out of
# a copy of its file, the file is compiled by itself and linked with the others, and the module's unit tests run,
# without sanitizers and without the vectors, until one fails. What is switched off:
#   row    a row of a table (of a table's rows, for props.c, also each flag and the type)
#   note   one call that says a message, or FAIL that names a fault; of one that chooses between two, each choice
#   guard  one `if` that gives up: returns false, NULL, -1 or an error
# t/mutation/held lists those that no test can see, with the reason. A line there that is not needed is a fault.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use Cwd qw(abs_path);
use POSIX qw(:sys_wait_h);

my $TOP = abs_path(dirname(__FILE__) . '/../..');
chdir $TOP or die;
my @LINKED = qw(core json png xml badge);
my %RULES = (
    png => [qw(bake check chunks)],
    xml => [qw(allow bake read unbake)],
    badge => [map { basename($_, '.c') } glob 'src/badge/*.c'],
);
# They say, show or hold words; none of them decides.
my %SILENT = map { $_ => 1 } qw(badge/report badge/display badge/note badge/terms badge/emails badge/builtin);
my $JOBS = $ENV{OBI_MUTATION_JOBS} || 2;
my $only = shift @ARGV; # a file's name, for work on one
my $dir = tempdir(CLEANUP => 1);
my @flags = split ' ', `pkg-config --cflags json-c libpng zlib libxml-2.0 libcrypto libcurl cmocka`;
my @libs = split ' ', `pkg-config --libs json-c libpng zlib libxml-2.0 libcrypto cmocka`;
my @cc = (qw(cc -std=gnu11 -O0 -w -fPIC -D_GNU_SOURCE -Iinclude -It/unit), "-DOBI_SOURCE_DIR=\"$TOP\"", @flags);

sub run_quiet {
    my ($log, @command) = @_;
    my $pid = fork // die;
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        { no warnings "exec"; exec @command }
        POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return $? == 0;
}

sub slurp { my ($name) = @_; open my $f, '<', $name or die "$name: $!"; local $/; return scalar <$f>; }

# In parallel: calls $do with each of @items, its exit status being what it returns. Calls $done with the item and
# the status.
sub each_of {
    my ($do, $done, @items) = @_;
    my %running;
    while (@items || %running) {
        while (@items && keys %running < $JOBS) {
            my $item = shift @items;
            my $pid = fork // die;
            POSIX::_exit($do->($item)) if !$pid;
            $running{$pid} = $item;
        }
        my $pid = waitpid -1, 0;
        $done->(delete $running{$pid}, $? >> 8) if exists $running{$pid};
    }
}

sub object_of { my ($source) = @_; my $name = $source =~ tr|/|-|r; return "$dir/$name.o"; }

my @sources = map { glob "src/$_/*.c" } @LINKED;
my %tests = map { my $module = $_; $module => [glob "t/unit/${module}_*.c"] } keys %RULES;

sub compile {
    my ($source, $object, $module) = @_;
    return run_quiet("$object.log", @cc, "-Isrc/$module", '-c', $source, '-o', $object);
}
sub link_all {
    my ($library, $mutant, $for) = @_;
    my @objects = map { $_ eq $for ? $mutant : object_of($_) } @sources;
    return run_quiet("$library.log", 'cc', '-shared', '-o', $library, @objects, @libs, '-lm');
}

my @failed;
each_of(sub { compile($_[0], object_of($_[0]), $_[0] =~ m|^src/(\w+)/|) ? 0 : 1 },
    sub { push @failed, $_[0] if $_[1] }, @sources);
die "not compiled: @failed\n", map { slurp(object_of($_) . '.log') } @failed if @failed;
mkdir "$dir/good";
link_all("$dir/good/libobi.so", '', '') or die slurp("$dir/good/libobi.so.log");
each_of(
    sub {
        my $name = basename($_[0], '.c');
        return run_quiet("$dir/$name.log", @cc, $_[0], '-o', "$dir/$name", "-L$dir/good", '-lobi', @libs, '-lssl') ? 0 : 1;
    },
    sub { push @failed, $_[0] if $_[1] },
    map { @$_ } values %tests);
die "not compiled: @failed\n", map { slurp("$dir/" . basename($_, '.c') . '.log') } @failed if @failed;

delete $ENV{OBI_VECTORS};
# The seconds each takes, so that the quick ones go first.
my %takes;
for my $test (map { @$_ } values %tests) {
    my $name = basename($test, '.c');
    my $from = times_now();
    $ENV{LD_LIBRARY_PATH} = "$dir/good";
    run_quiet("$dir/$name.log", 'timeout', 60, "$dir/$name") or die "$name fails by itself:\n" . slurp("$dir/$name.log");
    $takes{$name} = times_now() - $from;
}
sub times_now { require Time::HiRes; return Time::HiRes::time() }
for my $module (keys %tests) {
    $tests{$module} = [sort { $takes{$a} <=> $takes{$b} } map { basename($_, '.c') } @{ $tests{$module} }];
}

# --- What can be switched off in a text: [kind, where it stands (a line), offset, length, replacement].

# The text with what is in comments and strings blanked, so that offsets stay.
sub blanked {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')}{(my $x = $1) =~ s/[^\n]/ /g; $x}gse;
    return $text;
}
# From an opening bracket, the offset behind its closing one.
sub behind {
    my ($blank, $at) = @_;
    my $depth = 0;
    for (my $i = $at; $i < length $blank; $i++) {
        my $c = substr $blank, $i, 1;
        $depth++ if $c =~ /[({[]/;
        $depth-- if $c =~ /[)}\]]/;
        return $i + 1 if $depth == 0;
    }
    die 'unbalanced';
}
# The parts between commas at the top level of $from..$to: [offset, length].
sub parts {
    my ($blank, $from, $to) = @_;
    my @parts;
    my $depth = 0;
    my $start = $from;
    for my $i ($from .. $to) {
        my $c = $i < $to ? substr $blank, $i, 1 : ',';
        $depth++ if $c =~ /[({[]/;
        $depth-- if $c =~ /[)}\]]/;
        next if $depth > 0 || $c ne ',';
        push @parts, [$start, $i - $start];
        $start = $i + 1;
    }
    return @parts;
}

sub mutants_of {
    my ($file) = @_;
    my $text = slurp($file);
    my $blank = blanked($text);
    my @mutants;
    my $add = sub {
        my ($kind, $at, $n, $new) = @_;
        my ($what) = substr($text, $at, $n) =~ /^\s*(.*?)\s*$/s;
        $what =~ s/\s+/ /g;
        push @mutants, { file => $file, kind => $kind, at => $at, n => $n, new => $new,
            line => 1 + (substr($text, 0, $at) =~ tr/\n//), what => substr($what, 0, 100) };
    };
    # Rows of tables that are known at compile time; those of an allow-list let through, and are no rules.
    while ($file !~ m|/allow\.c$| && $blank =~ /\[\w*\]\s*=\s*\{/g) {
        my $open = $+[0] - 1;
        my $close = behind($blank, $open) - 1;
        my $before = substr $blank, 0, $open;
        next if $before !~ /(?:\bconst\b[^;{}]*|\}\s*\w+\[\w*\]\s*=\s*)$/s;
        for my $part (parts($blank, $open + 1, $close)) {
            my ($at, $n) = @$part;
            my $row = substr $text, $at, $n;
            next if $row !~ /\S/;
            my $lead = $row =~ /^(\s+)/ ? length $1 : 0;
            next if substr($blank, $at + $lead, 1) eq '[';
            $add->('row', $at, $n + (substr($blank, $at + $n, 1) eq ',' ? 1 : 0), '') if $row !~ /^\s*NULL\s*$/;
            next if $row !~ /^(\s*\{ \w+, "[^"]+", )(\w+), ([A-Z0-9| ]+), (\w+)/;
            my ($head, $type, $flags) = ($1, $2, $3);
            my $at_type = $at + length $head;
            $add->('type', $at_type, length $type, 'ANYTHING') if $type ne 'ANYTHING' && $type ne 'NODE';
            my $at_flags = $at_type + length($type) + 2;
            my @flags = $flags eq '0' ? () : split / \| /, $flags;
            for my $flag (@flags) {
                $add->("flag $flag", $at_flags, length $flags, join(' | ', grep { $_ ne $flag } @flags) || '0');
            }
            $add->('flag not MANY', $at_flags, length $flags, "$flags | MANY") if !grep { $_ eq 'MANY' } @flags;
        }
    }
    # Messages.
    while ($blank =~ /\b(note|note_\w+)\((\w+->w|\w+),/g) {
        my ($call, $at) = ($1, $-[0]);
        my $open = $at + length $call;
        next if substr($blank, 0, $at) =~ /\bvoid\s+\z/;
        $add->('note', $at, length $call, 'OFF');
        my @arguments = parts($blank, $open + 1, behind($blank, $open) - 1);
        my ($code) = grep { substr($blank, $_->[0], $_->[1]) =~ /REPORT_/ } @arguments;
        next if !$code;
        my ($from, $n) = @$code;
        my $expression = substr $blank, $from, $n;
        next if $expression !~ /\?/;
        for my $name ($expression =~ /(REPORT_\w+)/g) { $add->("note always $name", $from, $n, " $name"); }
    }
    # What gives up.
    while ($blank =~ /\bif \(/g) {
        my $open = $+[0] - 1;
        my $end = behind($blank, $open);
        my $rest = substr $blank, $end;
        my $body = $rest =~ /^\s*\{(.*?)\n\s*\}/s ? $1 : $rest =~ /^\s*(.*?;)/s ? $1 : '';
        next if $body !~ /return (?:false|NULL|-1|SLICE_NONE|FAIL\(|\w*refuse\(|\w*too_large\(|malformed\(|ERR_)/ && $body !~ /return;/ && $body !~ /^\s*(?:\w*refuse)\(/;
        next if substr($blank, $open, $end - $open) =~ /rc = |!= ERR_NONE/;
        $add->('guard', $open + 1, 0, '0 && ');
        $mutants[-1]{new} = '0 && (';
        $mutants[-1]{close} = $end - 1;
        $mutants[-1]{what} = substr((substr($text, $open, $end - $open) =~ s/\s+/ /gr), 0, 100);
    }
    return @mutants;
}

# True when a test saw it.
sub is_seen {
    my ($mutant) = @_;
    my ($module) = $mutant->{file} =~ m|^src/(\w+)/|;
    my $here = "$dir/m$mutant->{number}";
    mkdir $here;
    my $text = slurp($mutant->{file});
    substr($text, $mutant->{close}, 0) = ')' if defined $mutant->{close};
    substr($text, $mutant->{at}, $mutant->{n}) = $mutant->{new};
    open my $f, '>', "$here/mutant.c" or die;
    print $f "#define OFF(...) ((void)0)\n$text";
    close $f;
    my $seen = 1; # what does not compile cannot be switched off
    if (compile("$here/mutant.c", "$here/mutant.o", $module) &&
        link_all("$here/libobi.so", "$here/mutant.o", $mutant->{file})) {
        $ENV{LD_LIBRARY_PATH} = $here;
        $seen = 0;
        for my $test (@{ $tests{$module} }) {
            next if run_quiet("$here/log", 'timeout', 20, "$dir/$test");
            $seen = 1;
            last;
        }
    } else { $seen = 2 }
    unlink glob "$here/*";
    rmdir $here;
    return $seen;
}

my (%held, %needed);
if (open my $f, '<', 't/mutation/held') {
    while (<$f>) {
        next if /^#/ || !/\S/;
        chomp;
        my ($key, $why) = split /\s+# /, $_, 2;
        $why or die "t/mutation/held: no reason: $_\n";
        $held{$key} = 1;
    }
}

my @mutants;
for my $module (sort keys %RULES) {
    for my $name (@{ $RULES{$module} }) {
        next if $SILENT{"$module/$name"} || ($only && $only ne "$module/$name");
        push @mutants, mutants_of("src/$module/$name.c") if -f "src/$module/$name.c";
    }
}
$mutants[$_]{number} = $_ for 0 .. $#mutants;
my (%survived, %count);
my $compiled_not = 0;
each_of(\&is_seen, sub {
    my ($mutant, $seen) = @_;
    $count{ $mutant->{file} }++;
    if ($seen == 2) { $compiled_not++; print "# does not build: $mutant->{file}:$mutant->{line}: $mutant->{kind}: $mutant->{what}\n"; }
    return if $seen;
    my $key = "$mutant->{file}: $mutant->{kind}: $mutant->{what}";
    $needed{$key} = 1;
    push @{ $survived{ $mutant->{file} } }, "$mutant->{file}:$mutant->{line}: $mutant->{kind}: $mutant->{what}" if !$held{$key};
}, @mutants);

my $n = 0;
for my $file (sort keys %count) {
    my @left = sort @{ $survived{$file} || [] };
    printf "%sok %d - %s: a test fails for each of %d rules that is switched off\n", @left ? 'not ' : '', ++$n, $file, $count{$file};
    print map { "# not seen: $_\n" } @left;
}
if (!$only) {
    my @unneeded = grep { !$needed{$_} } sort keys %held;
    printf "%sok %d - what t/mutation/held lists is seen by no test\n", @unneeded ? 'not ' : '', ++$n;
    print map { "# is seen, or is gone: $_\n" } @unneeded;
}
print "1..$n\n";
exit 0;
