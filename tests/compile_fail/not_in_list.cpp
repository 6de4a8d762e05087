// expect: valetkey: this cloud is not in the service's list
#include "../support/toy.hpp"
#include <valetkey/providers/aws.hpp>
#include <valetkey/sts_service.hpp>
valetkey::sts_service<mine::toy>::settings settings;
auto& wrong = settings.of<valetkey::aws>();
