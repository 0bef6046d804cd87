package OBI::Schema;

# Holds values against the schemas of an OpenAPI 3.0 file: the part of JSON Schema that docs/openapi.json uses.
# A keyword it does not know is an error, so that no promise in the file goes unchecked.

use strict;
use warnings;
use B ();
use JSON::PP ();

my %ANNOTATIONS = map { $_ => 1 } qw(description title example default);

sub new {
    my ($class, $file) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    return bless { doc => JSON::PP->new->utf8->decode(<$in>) }, $class;
}

sub doc { $_[0]{doc} }

# Follows $ref, which names a place in the file.
sub resolve {
    my ($self, $node) = @_;
    while (ref $node eq 'HASH' && exists $node->{'$ref'}) {
        my ($where) = $node->{'$ref'} =~ m{^#/(.+)$} or die "ref $node->{'$ref'}";
        $node = $self->{doc};
        for my $name (split m{/}, $where) {
            die "nothing at #/$where" unless ref $node eq 'HASH' && exists $node->{$name};
            $node = $node->{$name};
        }
    }
    return $node;
}

sub is_number {
    my $flags = B::svref_2object(\$_[0])->FLAGS;
    return ($flags & (B::SVf_IOK | B::SVf_NOK)) && !($flags & B::SVf_POK);
}

sub type_of {
    my ($v) = @_;
    return 'null' unless defined $v;
    return 'boolean' if JSON::PP::is_bool($v);
    return 'object' if ref $v eq 'HASH';
    return 'array' if ref $v eq 'ARRAY';
    return 'string' unless is_number($v);
    return $v == int $v ? 'integer' : 'number';
}

my %CHECK = (
    type => sub {
        my ($self, $want, $v) = @_;
        my $have = type_of($v);
        return $have eq $want || ($want eq 'number' && $have eq 'integer') ? () : "is $have, not $want";
    },
    enum => sub {
        my ($self, $want, $v) = @_;
        return (grep { defined $v && $_ eq $v } @$want) ? () : 'is none of ' . join ', ', @$want;
    },
    pattern => sub {
        my ($self, $want, $v) = @_;
        return ref $v || !defined $v || $v =~ /$want/ ? () : "does not match $want: $v";
    },
    maxLength => sub { length $_[2] <= $_[1] ? () : 'is too long' },
    minimum => sub { $_[2] >= $_[1] ? () : "is below $_[1]" },
    maximum => sub { $_[2] <= $_[1] ? () : "is above $_[1]" },
    format => sub {
        my ($self, $want, $v) = @_;
        return () if $want eq 'binary';
        return $v =~ m{^https?://[^\s/]+(/\S*)?$} ? () : "is no address: $v" if $want eq 'uri';
        return "has a format nobody checks: $want";
    },
    required => sub {
        my ($self, $want, $v) = @_;
        return ref $v ne 'HASH' ? () : map { exists $v->{$_} ? () : "has no $_" } @$want;
    },
    minItems => sub { ref $_[2] ne 'ARRAY' || @{ $_[2] } >= $_[1] ? () : 'has too few items' },
    nullable => sub { () },
    properties => sub { () },
    items => sub { () },
    additionalProperties => sub { () },
);

# What is wrong with $value, one line each; nothing when it is as the schema says.
sub faults {
    my ($self, $schema, $value, $at) = @_;
    $at //= '$';
    $schema = $self->resolve($schema);
    return () if $schema->{nullable} && !defined $value;
    my @faults;
    for my $keyword (sort keys %$schema) {
        next if $ANNOTATIONS{$keyword};
        my $check = $CHECK{$keyword} or die "$at: the schema says $keyword, which is not checked";
        push @faults, map { "$at $_" } $check->($self, $schema->{$keyword}, $value);
    }
    if (ref $value eq 'ARRAY' && $schema->{items}) {
        push @faults, map { $self->faults($schema->{items}, $value->[$_], "$at\[$_]") } 0 .. $#$value;
    }
    if (ref $value eq 'HASH') {
        for my $name (sort keys %$value) {
            my $property = ($schema->{properties} // {})->{$name};
            push @faults,
                $property ? $self->faults($property, $value->{$name}, "$at.$name")
                : exists $schema->{additionalProperties} && !$schema->{additionalProperties}
                ? "$at has $name, of which nobody spoke"
                : ();
        }
    }
    return @faults;
}

1;
