#pragma once
/// @file
/// Catch2, and how a result is shown: never its value, which may hold a secret.

#include <valetkey/result.hpp>

#include <catch2/catch.hpp>

#include <string>

template <class T>
struct Catch::StringMaker<boost::system::result<T, valetkey::failure>> {
    static std::string convert(boost::system::result<T, valetkey::failure> const& r) {
        return r ? "a value" : std::string{valetkey::name_of(r.error().what)};
    }
};
