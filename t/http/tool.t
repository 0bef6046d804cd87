#!/usr/bin/perl
# The tool on a bare machine: files, addresses and a web server of its own, no stack.
use strict;
use warnings;
use FindBin;
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Test::More;

my $top = "$FindBin::Bin/../..";
my $obi = "$top/build/dev/obi";
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical->utf8;

sub write_file {
    my ($name, $text) = @_;
    open my $f, '>:raw', "$dir/$name" or die "$name: $!";
    print $f $text;
    close $f;
    return "$dir/$name";
}

sub read_file {
    open my $f, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$f>;
}

# Status, standard output, standard error.
sub obi {
    my @words = @_;
    my $pid = open(my $out, '-|') // die "fork: $!";
    if ($pid == 0) {
        open STDERR, '>', "$dir/stderr";
        exec $obi, @words or exit 127;
    }
    local $/;
    my $text = <$out> // '';
    close $out;
    return ($? >> 8, $text, read_file("$dir/stderr"));
}

# A web server on a port of its own: the files of `www`, "404" for what is not there.
sub serve {
    my $server = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "listen: $!";
    my $pid = fork // die "fork: $!";
    return ($server->sockport, $pid) if $pid;
    while (my $client = $server->accept) {
        my ($path) = (<$client> // '') =~ m{^GET /([\w.-]+) };
        while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
        my $file = defined $path ? "$dir/www/$path" : '';
        my $body = -f $file ? read_file($file) : '';
        my $status = -f $file ? '200 OK' : '404 Not Found';
        print $client "HTTP/1.1 $status\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
        close $client;
    }
    exit 0;
}

mkdir "$dir/www";
my ($port, $server) = serve();
END { kill 'TERM', $server if $server; }
my $site = "http://127.0.0.1:$port";
my $fetching = write_file('fetching.conf', "fetch.allow_net = 127.0.0.1/32:$port\n");
my $settings = "site.base_url = http://localhost:1\ndb.primary = unix:/nowhere\nmail.url = file:$dir\n"
    . "mail.from = obi\@example.org\n";
my $conf = write_file('obi.conf', $settings . "fetch.allow_net = 127.0.0.1/32:$port\n");
my $picture = "$top/deploy/demo/images/first-flight.png";
my %badge = (
    'a.json' => { '@context' => 'https://w3id.org/openbadges/v2', id => "$site/a.json", type => 'Assertion',
        recipient => { type => 'email', hashed => JSON::PP::false, identity => 'learner@example.org' },
        badge => "$site/c.json", verification => { type => 'hosted' }, issuedOn => '2020-01-01T00:00:00Z' },
    'c.json' => { '@context' => 'https://w3id.org/openbadges/v2', id => "$site/c.json", type => 'BadgeClass',
        name => 'Knots', description => 'Ties knots', image => "$site/p.png", criteria => "$site/knots",
        issuer => "$site/i.json" },
    'i.json' => { '@context' => 'https://w3id.org/openbadges/v2', id => "$site/i.json", type => 'Issuer',
        name => 'Sailors', url => $site, email => 'post@example.org' },
);
write_file("www/$_", $json->encode($badge{$_})) for keys %badge;
write_file('www/p.png', read_file($picture));

# --- Usage.
my ($status, $out, $err) = obi('--help');
is $status, 0, 'help is no failure';
my @verbs = $out =~ /^  ([\w-]+) /mg;
ok scalar(@verbs) >= 6, 'there are verbs';
is((obi($_, '--help'))[0], 0, "$_ --help ends with 0") for @verbs;
is((obi())[0], 64, 'no verb is wrong use');
is((obi('nonsense'))[0], 64, 'so is an unknown one');
is((obi('verify'))[0], 64, 'so is verify without input');
is((obi('verify', '--nonsense', 'x'))[0], 64, 'so is an unknown option');
is((obi('verify', '--recipient'))[0], 64, 'so is an option without its value');
is((obi('import', '--user', 'a@example.org', 'x'))[0], 64, 'so is import without a configuration');
($status, undef, $err) = obi('verify', "$dir/not-there.png");
is $status, 70, 'a file that is not there is trouble';
like $err, qr/not-there\.png: No such file/, 'and is named';

# --- Baking.
my $assertion = write_file('assertion.json', $json->encode($badge{'a.json'}));
for my $image ($picture, "$top/deploy/demo/images/night-sky.svg") {
    my ($ending) = $image =~ /(\w+)$/;
    is((obi('bake', '--assertion', $assertion, '--output', "$dir/baked.$ending", $image))[0], 0, "bakes $ending");
    ($status, $out) = obi('unbake', "$dir/baked.$ending");
    is $status, 0, "unbakes $ending";
    is_deeply $json->decode($out), $badge{'a.json'}, 'what was baked in';
}
is((obi('unbake', $picture))[0], 1, 'a picture without a badge is a no');
like +(obi('unbake', $picture))[2], qr/has no badge in it/, 'and says so';
is((obi('bake', '--assertion', $assertion, $assertion))[0], 1, 'JSON is no picture to bake into');

# --- Verifying.
my @conf = ('--conf', $conf);
for my $input ("$site/a.json", $assertion, "$dir/baked.png", "$dir/baked.svg") {
    my ($name) = $input =~ m{([^/]+)$};
    ($status, $out) = obi('verify', @conf, '--recipient', 'learner@example.org', $input);
    is $status, 0, "$name is valid";
    like $out, qr/^outcome +valid$/m, 'it says';
    like $out, qr/^host +127\.0\.0\.1:$port$/m, 'with the host that speaks for it';
}
($status, $out) = obi('verify', @conf, '--json', "$dir/baked.png");
my $report = $json->decode($out);
ok $report->{report}{valid}, 'the report as JSON';
is scalar @{ $report->{graph} }, 3, 'has the graph';
is_deeply [map { $_->{status} } @{ $report->{report}{documents} }], [200, 200, 200, 200], 'and the documents';
($status, $out) = obi('verify', @conf, '--recipient', 'other@example.org', "$site/a.json");
is $status, 1, "somebody else's badge is a no";
like $out, qr/recipient-mismatch/, 'for that reason';
($status, $out) = obi('verify', "$site/a.json");
is $status, 2, 'an address of the machine itself is not open by default';
like $out, qr/^outcome +unchecked$/m, 'nothing more is said of it';
my @open = ('--allow-net', "127.0.0.1/32:$port");
($status, $out) = obi('verify', @open, "$site/a.json");
is $status, 0, 'but on the command line it can be opened, without a configuration';
unlike $out, qr/^(?:WARNING|ERROR)/m, 'a sound badge has no messages';
is((obi('verify', '--conf', write_file('closed.conf', $settings), @open, "$site/a.json"))[0], 0, 'or beside one');
($status, $out) = obi('verify', @open, '--json', '--connect-to', "badges.example:80:127.0.0.1:$port", 'http://badges.example/a.json');
is $json->decode($out)->{report}{documents}[0]{status}, 200, 'a name is connected to another server';
for my $wrong (['--allow-net', 'nonsense'], ['--connect-to', 'nonsense'], ['--cacert', "$dir/not-there.pem"]) {
    is((obi(@$_, @$wrong, "$site/a.json"))[0], 64, "$_->[0] $wrong->[0] $wrong->[1] is wrong use")
        for ['verify'], ['unbake'], ['bake', '--assertion', $assertion];
}
is((obi('verify', @open, '--cacert', '/etc/ssl/certs/ca-certificates.crt', "$site/a.json"))[0], 0, 'a file of certificates is taken');
($status, $out) = obi('verify', '--json', @open, "$site/a.json");
is_deeply $json->decode($out)->{report}{chain}, [ map { { role => $_->[0], id => "$site/$_->[1]", host => "127.0.0.1:$port" } }
    [ assertion => 'a.json' ], [ badge => 'c.json' ], [ issuer => 'i.json' ] ], 'the report says who is named by whom';

is((obi('verify', @conf, $json->encode($badge{'a.json'})))[0], 0, 'JSON stands for itself');
($status, $out) = obi('verify', @conf, 'eyJhbGciOiJub25lIn0.e30.c2ln');
is $status, 1, 'and so does a signed badge';
like $out, qr/property-missing/, 'which is looked into';

# --- Verifying what lies in a folder.
my $folder = "$dir/documents/127.0.0.1:$port";
make_path($folder);
copy("$dir/www/$_", "$folder/$_") or die "$_: $!" for qw(a.json c.json i.json p.png);
($status, $out) = obi('verify', '--documents', "$dir/documents", '--json', "$dir/baked.png");
is $status, 0, 'documents can lie in a folder, as wget puts them there';
is $json->decode($out)->{report}{documents}[0]{fetchedAt}, POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime((stat "$folder/a.json")[9])),
    'and are as old as their files';
unlink "$folder/i.json";
($status, $out) = obi('verify', '--documents', "$dir/documents", "$dir/baked.png");
is $status, 2, 'without one of them the badge cannot be checked';
like $out, qr{there is no file \S*/127\.0\.0\.1:$port/i\.json}, 'and it says which file is not there';
($status, $out) = obi('verify', '--documents', $folder, "http://127.0.0.1:$port/../127.0.0.1:$port/a.json");
is $status, 2, 'no address leads out of the folder';
unlike $out, qr/there is no file/, 'or is looked for there';

unlink "$dir/www/i.json";
($status, $out) = obi('verify', @conf, "$site/a.json", "$dir/baked.png");
is $status, 1, 'a badge without its issuer is a no';
like $out, qr/\Q$site\E\/i\.json answered with HTTP status 404.*\n {10}The issuer has to serve the document there/,
    'that names document and status, and says what helps';
is(() = $out =~ /^outcome/mg, 2, 'each input has its report');
write_file('www/i.json', $json->encode($badge{'i.json'}));

# --- Baking from an address: verified first, with the issuer's picture.
($status) = obi('bake', @conf, '--assertion', "$site/a.json", '--output', "$dir/from-url.png");
is $status, 0, 'bakes an address';
is_deeply $json->decode((obi('unbake', "$dir/from-url.png"))[1]), $badge{'a.json'}, 'with its assertion';
($status, $out, $err) = obi('bake', @conf, '--assertion', "$site/nothing.json", '--output', "$dir/none.png");
is $status, 1, 'what is not valid is not baked';
ok !-e "$dir/none.png", 'and leaves no file';
like $err, qr/404/, 'it says why';

is((obi('bake', @open, '--assertion', "$site/a.json", '--output', "$dir/opened.png"))[0], 0, 'what is opened on the command line');
copy("$dir/opened.png", "$dir/www/baked.png") or die;
is((obi('unbake', "$site/baked.png"))[0], 1, 'is closed without it');
($status, $out) = obi('unbake', '--connect-to', "badges.example:80:127.0.0.1:$port", @open, 'http://badges.example/baked.png');
is_deeply $json->decode($out), $badge{'a.json'}, 'and so is what a name is connected to';

# --- Configuration.
for (['verify', "$site/a.json"], ['unbake', "$site/baked.png"], ['bake', '--assertion', "$site/a.json"]) {
    my ($verb, @words) = @$_;
    is((obi($verb, '--conf', $fetching, @words))[0], 0, "$verb asks for no setting that it does not use");
}
($status, undef, $err) = obi('migrate', '--conf', $fetching);
is $err, "$fetching: db.primary: must be set\n", 'nor does migrate, which wants the database';
($status, undef, $err) = obi('jobs', '--conf', $fetching);
is join(' ', $err =~ /: ([\w.]+): must be set$/mg), 'db.primary mail.url mail.from', 'or jobs, which wants mail too';
($status, undef, $err) = obi('config', 'check', '--conf', $fetching);
is join(' ', $err =~ /: ([\w.]+): must be set$/mg), 'site.base_url db.primary mail.url mail.from', 'a whole configuration has all';
($status, $out) = obi('config', 'check', @conf);
is "$status $out", "0 ok\n", 'a good configuration';
my $bad = write_file('bad.conf', "$settings\n# comment\nfetch.timeout = soon\nfetch.tiemout = 5\n");
($status, undef, $err) = obi('config', 'check', '--conf', $bad);
is $status, 1, 'a bad one';
like $err, qr/\Q$bad\E:7: fetch\.timeout: must be a whole number/, 'names file, line, key and reason';
like $err, qr/\Q$bad\E:8: fetch\.tiemout: is no setting/, 'of every mistake';
my $worse = write_file('worse.conf', "log.level = chatty\nfetch.allow_net = 10.0.0.0/33\nmail.url = gopher://x\n"
    . "fetch.allow_net = 10.0.0.0/8\nfetch.allow_net = nowhere\nfetch.connect_to = a\nmail.from = nobody\nmail.cacert = /none.pem\n");
($status, undef, $err) = obi('config', 'check', @conf, '--conf', $worse);
is $status, 1, 'mistakes of each kind';
is join(' ', map { /^\Q$worse\E:(\d+: [\w.]+):/ ? $1 : () } split /\n/, $err), '1: log.level 2: fetch.allow_net 5: fetch.allow_net '
    . '6: fetch.connect_to 3: mail.url 7: mail.from 8: mail.cacert', 'are all said at once' or diag $err;
# What browsers never write would never be the origin of a page.
for my $site ('https://rp.example:443', 'http://rp.example:80', 'https://RP.example', 'https://rp.example/', 'https://rp.example?') {
    ($status, undef, $err) = obi('config', 'check', @conf, '--conf', write_file('site.conf', "browserid.site = $site\n"));
    is $status, 1, "$site is no origin";
    like $err, qr/browserid\.site: '\Q$site\E' is no address of a site/, 'which is said';
}
($status, $out) = obi('config', 'check', @conf, '--conf', write_file('site.conf', "browserid.site = https://rp.example:8443\n"));
is "$status $out", "0 ok\n", 'another port belongs to it';
($status, undef, $err) = obi('config', 'check', '--conf', write_file('empty.conf', "mail.from =\n"));
is((() = $err =~ /mail\.(?:url|from)/g), 2, 'what is missing is said once');
($status, undef, $err) = obi('config', 'check', '--conf', "$dir/nosuch.conf");
is $status, 1, 'a file that is not there';
like $err, qr/configuration cannot be read: .*nosuch\.conf: No such file/, 'is named';
($status, $out) = obi('config', 'upstream', @conf, '--conf',
    write_file('ring.conf', qq{cache.server = unix:/run/a b"\\.sock\ncache.server = [2001:db8::1]:11211\n}));
is $status, 0, 'the servers of the cache';
is_deeply [ $out =~ /^    (server .*;)$/mg ],
    [ 'server "unix:/run/a b\"\\\\.sock" max_fails=0;', 'server "[2001:db8::1]:11211" max_fails=0;' ],
    'are printed for nginx, as they are written' or diag $out;
like $out, qr/^upstream obi_memcached \{\n    hash \$memc_key consistent;\n.*^    keepalive \d+;\n\}\n\z/ms, 'as one upstream';
like((obi('config', 'upstream', @conf))[1], qr/^    server unix:\S+ down;$/m, 'also none at all');
is((obi('config', 'upstream'))[0], 64, 'and not without a configuration');
($status, undef, $err) = obi('error-pages', @conf, "$dir/nosuch");
is $status, 70, 'a folder that is not there';
like $err, qr/No such file/, 'is said';
($status, undef, $err) = obi('user', 'add', 'bad', @conf);
like $err, qr/received: bad cause: must be one whole mail address/, 'what is wrong with an address is said';
($status, undef, $err) = obi('seed', '--users', 1, '--badges', 1001, @conf);
is $status, 64, 'more badges than a collection holds';
like $err, qr/at most 1000 badges/, 'are not made';

# --- Documentation leads everywhere: each page is reached from README.md, and each link leads to something.
my (%seen, @pages);
@pages = ('README.md');
while (defined(my $page = shift @pages)) {
    next if $seen{$page}++ || $page !~ /\.md$/;
    my ($folder) = $page =~ m{^(.*/)?};
    push @pages, map { ($folder // '') . $_ } grep { !/^https?:/ } read_file("$top/$page") =~ /\]\(([^)#]+)[^)]*\)/g;
}
ok -e "$top/$_", "$_ is there" for sort keys %seen;
# Each link into a page leads to a heading of it.
sub headings { return map { (my $h = lc) =~ s/[^\w -]//g; $h =~ s/ /-/g; $h => 1 } read_file($_[0]) =~ /^#+ +(.*)$/mg }
for my $page (grep { /\.md$/ } sort keys %seen) {
    my ($folder) = $page =~ m{^(.*/)?};
    my @links = read_file("$top/$page") =~ /\]\(([^):]*#[^)]+)\)/g;
    for (@links) {
        my ($to, $heading) = split /#/;
        my %there = headings($to eq '' ? "$top/$page" : $top . '/' . ($folder // '') . $to);
        ok $there{$heading}, "$page: $_ is there";
    }
}
ok $seen{$_}, "README.md leads to $_" for map { s{^\Q$top\E/}{}r } glob "$top/docs/*.*";

# --- Documentation is what the program says.
for (['docs/configuration.md', 'config', 'docs'], ['docs/errors.md', 'config', 'errors'],
    ['docs/verification.md', 'config', 'messages'], ['docs/metrics.md', 'config', 'metrics'], ['docs/tool.md', 'help', '--docs']) {
    my ($file, @words) = @$_;
    ($status, $out) = obi(@words);
    ok $out eq read_file("$top/$file"), "$file is what `obi @words` prints; if not, run: obi @words >$file";
}

done_testing;
